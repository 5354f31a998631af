"""Integers of few bits as bytes without gaps: eight codes of b bits take b bytes."""

from __future__ import annotations

import torch
from torch import Tensor


def packed_size(count: int, bits: int) -> int:
    """Bytes that so many codes take."""
    return -(-count // 8) * bits


def pack_bits(codes: Tensor, bits: int) -> Tensor:
    """Codes of type uint8 below 2^bits, of any shape, to bytes [packed_size].

    Code i of each eight has the bits b i to b i + b - 1 of its b bytes, the lowest bit first.
    """
    flat = codes.flatten()
    eights = torch.nn.functional.pad(flat, (0, -len(flat) % 8)).view(-1, 8)
    words = torch.zeros(len(eights), dtype=torch.int64)
    for i in range(8):
        words |= eights[:, i].to(torch.int64) << (bits * i)
    return torch.stack([(words >> 8 * i & 255).to(torch.uint8) for i in range(bits)], 1).flatten()


def unpack_bits(packed: Tensor, bits: int, count: int) -> Tensor:
    """The first `count` codes of what `pack_bits` gave, [count]."""
    parts = packed.view(-1, bits).to(torch.int64)
    words = parts[:, 0]
    for i in range(1, bits):
        words = words | parts[:, i] << 8 * i
    eights = [(words >> (bits * i) & (2**bits - 1)).to(torch.uint8) for i in range(8)]
    return torch.stack(eights, 1).flatten()[:count]
