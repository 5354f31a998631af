"""Weights as integers of few bits, which give back what training computed with."""

from __future__ import annotations

import pytest
import torch

from autorecon.compress.quantization.bit_packing import pack_bits, packed_size, unpack_bits
from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.layers import StoredWeight, WeightQuantizer


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("count", [1, 7, 8, 17])
def test_codes_are_packed_without_gaps(bits: int, count: int) -> None:
    codes = torch.randint(2**bits, (count,), dtype=torch.uint8)
    packed = pack_bits(codes, bits)
    assert len(packed) == packed_size(count, bits)
    assert unpack_bits(packed, bits, count).equal(codes)
    number = sum(int(code) << bits * i for i, code in enumerate(codes))
    assert int.from_bytes(bytes(packed.tolist()), "little") == number


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize(
    ("axis", "groups", "shape"), [(0, 1, (4, 3, 2)), (1, 1, (3, 4)), (1, 2, (4, 3, 2, 2))]
)
def test_stored_weights_are_those_of_training(
    integer: bool, rounding: str, axis: int, groups: int, shape: tuple[int, ...]
) -> None:
    weight = torch.randn(shape) + 0.3
    weight[..., 0] = 0.1
    for bits in (2, 5, 8):
        quantizer = WeightQuantizer(bits, rounding, axis, groups, integer)
        stored = StoredWeight(quantizer, weight)
        expected = quantizer(weight)
        assert quantizer.decode(quantizer.encode(weight)).equal(expected)
        assert stored().equal(expected)
        assert stored.encode(weight).codes.equal(quantizer.encode(weight).codes)
