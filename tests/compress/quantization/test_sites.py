from __future__ import annotations

import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from autorecon.compress import Bits, quantize
from autorecon.records.results import Site


class Mixed(nn.Module):
    """Things that GDFQ has no quantizer for."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 1)
        self.up = nn.ConvTranspose2d(2, 2, 2)
        self.act = nn.GELU()
        self.scale = nn.Parameter(Tensor([1.0]))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.relu(self.act(self.up(self.conv(x))) * self.scale)


def report(model: nn.Module, shape: tuple[int, int, int] = (1, 8, 8)) -> list[Site]:
    return quantize(model.eval(), shape, Bits(3, 4)).report


def test_the_report_of_a_small_model(teacher: nn.Module) -> None:
    rows = [(site.name, site.kind, site.bits, site.values) for site in report(teacher)]
    assert rows == [
        ("conv1", "weight", 3, 36),
        ("conv2", "weight", 3, 144),
        ("conv3", "weight", 3, 16),
        ("head", "weight", 3, 12),
        ("relu", "activation", 4, 0),
        ("relu_1", "activation", 4, 0),
        ("relu_2", "activation", 4, 0),
        ("image", "input", None, 0),
        ("bn1", "norm", None, 16),
        ("conv2.bias", "bias", None, 4),
        ("bn2", "norm", None, 16),
        ("add", "sum", None, 0),
        ("conv3.bias", "bias", None, 4),
        ("mean", "pooled features", None, 0),
        ("head.bias", "bias", None, 3),
    ]


def test_bytes_count_every_stored_value(teacher: nn.Module) -> None:
    student = quantize(teacher, (1, 8, 8), Bits(3, 3))
    codes = sum(-(-count // 8) * 3 for count in (36, 144, 16, 12))
    # Of each output channel a scale and a shift; norms and biases; two ends and a mark a range.
    assert student.weight_bytes() == codes + 4 * 2 * 15 + 4 * 43 + 3 * 9


def test_bytes_count_tensors_outside_of_layers() -> None:
    # conv 2 and up 2 * 2 * 4 weights at 3 bits; their biases 2 + 2 and scale 1 as float32.
    small = quantize(Mixed().eval(), (1, 4, 4), Bits(3, 3)).weight_bytes()
    assert small == 3 + 6 + 4 * 2 * 4 + 4 * (4 + 1) + 2 * 9


def test_tensors_and_products_are_listed() -> None:
    kinds = {site.name: (site.kind, site.bits) for site in report(Mixed())}
    assert kinds["up"] == ("weight", 3)
    assert kinds["act"] == ("activation", 4)
    assert kinds["scale"] == ("tensor", None)
    assert kinds["mul"] == ("product", None)


class Gated(nn.Module):
    """Squeeze and excitation, and a concatenation."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.narrow = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.hardswish(self.conv(x))
        gate = F.relu(self.narrow(F.adaptive_avg_pool2d(x, 1)))
        return torch.cat([x * F.hardsigmoid(gate), x.mul(torch.sigmoid(gate))], 1)


def test_gates_products_and_concatenations_are_listed() -> None:
    kinds = [(site.name, site.kind) for site in report(Gated()) if site.bits is None]
    assert kinds == [
        ("image", "input"),
        ("conv.bias", "bias"),
        ("adaptive_avg_pool2d", "pooled features"),
        ("narrow.bias", "bias"),
        ("hardsigmoid", "gate"),
        ("mul", "product"),
        ("sigmoid", "gate"),
        ("mul_1", "product"),
        ("cat", "concatenation"),
    ]


def test_linear_bottlenecks_say_that_no_activation_follows() -> None:
    blocks = [[1, 16, 1, 1], [6, 24, 2, 2]]
    net = torchvision.models.MobileNetV2(inverted_residual_setting=blocks)
    rows = report(net, (3, 32, 32))
    sites = {site.name: site for site in rows}
    assert "no activation follows" in sites["features.3.conv.3"].reason
    assert "no activation follows" not in sites["features.3.conv.0.1"].reason
    assert "no activation follows" in sites["features.3.add"].reason
    assert len(sites) == len(rows)
