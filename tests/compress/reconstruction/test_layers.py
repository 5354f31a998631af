from __future__ import annotations

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress import Bits, CompressConfig, CompressError, quantize
from autorecon.compress.quantization.bits import ROUNDINGS, SCHEMES
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.reconstruction import layers, reconstruct


class Net(nn.Module):
    """Plain, depthwise, shared and transposed convolutions, a norm, a sum and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Conv2d(2, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.depthwise, self.twice = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 8, 1)
        self.up, self.last = nn.ConvTranspose2d(8, 8, 2, 2), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.first(x)))
        x = x + F.relu(self.twice(F.relu(self.twice(self.depthwise(x)))))
        logits: Tensor = self.last(F.relu(self.up(x)).mean((2, 3)))
        return logits


@pytest.fixture(scope="module")
def net() -> nn.Module:
    """With the norm's statistics of the images."""
    torch.manual_seed(0)
    found = Net()
    found.norm.momentum = None
    found(_images(3))
    return found.eval()


def _images(seed: int) -> Tensor:
    return torch.randn(64, 2, 6, 6, generator=torch.Generator().manual_seed(seed))


def _student(net: nn.Module, rounding: str = "unbiased", scheme: str = "gdfq") -> QuantizedModel:
    model = quantize(copy.deepcopy(net), (2, 6, 6), Bits(3, 8), "mse", rounding, scheme)
    with torch.no_grad():
        model(_images(1))
    model.freeze()
    return model


@torch.no_grad()
def _apart(net: nn.Module, model: QuantizedModel) -> float:
    return float((model(_images(2)) - net(_images(2))).square().mean())


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_a_student_is_nearer_to_its_teacher(net: nn.Module, rounding: str, scheme: str) -> None:
    model = _student(net, rounding, scheme)
    before = _apart(net, model)
    kept = model.module.up.weight.clone()
    reconstruct(model, _images(1))
    assert _apart(net, model) < 0.7 * before
    assert torch.equal(model.module.up.weight, kept)


def test_values_that_nothing_has_changed_ask_for_rounding_alone(
    net: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first layer sees the images themselves."""
    seen = []
    real = layers.fitted
    monkeypatch.setattr(layers, "fitted", lambda *args: seen.append(args) or real(*args))
    reconstruct(_student(net), _images(1))
    weight, taught, found, _ = seen[0]
    assert torch.equal(taught, found)
    assert torch.equal(weight[0], net.first.weight.flatten(1))
    # The shared weight once.
    assert [tuple(args[0].shape) for args in seen] == [
        (1, 8, 18), (8, 1, 9), (1, 8, 8), (1, 10, 8)
    ]  # fmt: skip
    assert not torch.equal(seen[1][1], seen[1][2])


class Tied(nn.Module):
    """A weight that is read along both of its axes."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x.flatten(1)))
        logits: Tensor = self.last(F.relu(x @ self.first.weight))
        return logits


def test_a_weight_that_is_read_twice_is_the_teachers_both_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    net, images = Tied().eval(), torch.randn(32, 2, 2, 2)
    model = quantize(copy.deepcopy(net), (2, 2, 2), Bits(3, 8))
    model(images)
    model.freeze()
    seen, given = [], []
    real = layers.fitted
    monkeypatch.setattr(layers, "fitted", lambda *args: seen.append(args) or real(*args))
    net.last.register_forward_pre_hook(lambda _, args: given.append(args[0]))
    net(images)
    reconstruct(model, images)
    _, taught, found, _ = seen[-1]
    torch.testing.assert_close(taught[0], given[0])
    assert not torch.equal(taught, found)


def test_large_images_are_looked_at_in_part(
    net: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    many, few = _student(net), _student(net)
    reconstruct(few, _images(1)[:5])
    monkeypatch.setattr(layers, "PLACES", 5 * 36 + 10)
    reconstruct(many, _images(1))
    assert torch.equal(many(_images(2)), few(_images(2)))


def test_noise_is_nothing_to_fit_layers_to() -> None:
    with pytest.raises(CompressError, match="noise has no setting `reconstruct`"):
        CompressConfig(method="noise", reconstruct=True)
