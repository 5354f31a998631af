"""Networks that are drawn, quantized: nothing differs, and what is made to differ is found."""

from __future__ import annotations

from random import Random

import pytest
import torch
from torch import Tensor

import fuzz_teachers as tool
from autorecon.compress.quantization.layers import ActivationQuantizer
from fuzzing.networks import draft, network

NETWORKS = 8  # some seven seconds of work


@pytest.mark.first
def test_nothing_differs() -> None:
    tally = tool.run(seed=1, packs=3, exports=NETWORKS, start=0, count=NETWORKS)
    assert not tally.failures, tally.failures
    assert tally.counts["captured"] > 1.5 * NETWORKS
    assert tally.counts["packed"]
    assert tally.counts["exported"]


def test_a_network_is_the_same_every_time() -> None:
    text = draft(Random("3:5"))
    assert text == draft(Random("3:5")) != draft(Random("3:6"))
    one, other = network(text), network(text)
    assert one
    assert other
    images = torch.randn(2, 3, 8, 8)
    assert one.module(images).equal(other.module(images))


def test_a_wrong_quantizer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ActivationQuantizer, "forward", lambda self, x: _kept(self, x) * 1.01)
    tally = tool.run(seed=1, packs=99, exports=99, start=1, count=1)
    (failure,) = tally.failures.values()
    assert failure.kind == "Difference: answers at 20 bits, gdfq"
    assert len(failure.text.splitlines()) <= 4, failure.text


def _kept(quantizer: ActivationQuantizer, x: Tensor) -> Tensor:
    quantizer.initialised.fill_(True)
    return x
