"""Every classifier of torchvision's ResNets, MobileNets, VGG-BN, DenseNets and RegNets.

Each is traced, quantized and run on one small image, at full size with weights drawn here. Only
VGG-BN and the five RegNets of over 50 million weights are traced and quantized at full size without
memory for their weights; what runs of them is as deep, of the same blocks, and narrower.
"""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torchvision import models
from torchvision.models.regnet import BlockParams

from autorecon.compress import Bits, QuantizedModel, quantize

RESNETS = ("resne", "wide_resnet")
FAMILIES = (*RESNETS, "mobilenet", "densenet", "regnet")
NAMES = [
    name
    for name in models.list_models(module=models)
    if name.startswith(FAMILIES) or name.endswith("_bn")
]
LARGE = 50_000_000
# What the modules ReLU, ReLU6, Hardswish and SiLU call.
RECTIFYING = (functional.relu, functional.hardtanh, functional.hardswish, functional.silu)
KINDS = {
    *("weight", "activation", "input", "norm", "bias", "sum", "product", "concatenation"),
    *("pooled features", "Hardsigmoid", "Sigmoid"),
}


@pytest.fixture(autouse=True)
def _sizes_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """RegNet computes its widths with tensors, which a model without memory cannot have."""
    original = BlockParams.from_init_params.__func__

    def computed(cls: type, *args: object, **options: object) -> BlockParams:
        with torch.device("cpu"):
            return original(cls, *args, **options)

    monkeypatch.setattr(BlockParams, "from_init_params", classmethod(computed))


def test_there_are_as_many_as_there_were() -> None:
    assert len(NAMES) >= 36


@pytest.mark.parametrize("name", NAMES)
def test_traces_quantizes_and_runs(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    net = without_memory(name)
    if not name.startswith(RESNETS) and sum(p.numel() for p in net.parameters()) > LARGE:
        check_sites(net, quantize(net, Bits(4, 4)))
        net = narrowed(name, monkeypatch)
    net = with_weights(net)
    student = quantize(net, Bits(8, 8), "minmax")
    check_sites(net, student)
    images = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected, calls = run_counting(net, images)
        logits = student(images)
    assert len(list(student.quantizers())) == calls
    assert 0 < (logits - expected).norm() < 0.2 * expected.norm()


def without_memory(name: str) -> nn.Module:
    with torch.device("meta"):
        return models.get_model(name, weights=None, num_classes=10).eval()


def narrowed(name: str, monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """The same depth and blocks at a width that runs in a moment."""
    if name.startswith("regnet"):
        original = BlockParams.from_init_params.__func__

        def narrow(cls: type, depth: int, w_0: int, w_a: float, w_m: float, **options: object):
            with torch.device("cpu"):
                return original(cls, depth, 32, 32 * w_a / w_0, w_m, **options | {"group_width": 8})

        monkeypatch.setattr(BlockParams, "from_init_params", classmethod(narrow))
        return without_memory(name)
    net = without_memory(name)
    with torch.device("meta"):
        net.classifier[0], net.classifier[3] = nn.Linear(25088, 64), nn.Linear(64, 64)
        net.classifier[6] = nn.Linear(64, 10)
    return net


def with_weights(net: nn.Module) -> nn.Module:
    """Weights that keep the variance of features, all from one block of noise."""
    net = net.to_empty(device="cpu")
    noise = torch.rand(2**20, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for layer in net.modules():
        for value in layer.parameters(recurse=False):
            scale = (3 / max(1, value[0].numel())) ** 0.5
            for chunk in value.data.view(-1).split(len(noise)):
                torch.mul(noise[: len(chunk)], scale, out=chunk)
        if isinstance(layer, nn.BatchNorm2d):
            layer.reset_running_stats()
            layer.weight.data.fill_(1)
            layer.bias.data.fill_(0)
    return net


def run_counting(net: nn.Module, images: Tensor) -> tuple[Tensor, int]:
    """The logits, and how many calls of ReLU and its like they took."""
    with CountCalls() as counted:
        logits = net(images)
    return logits, counted.calls


class CountCalls(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        self.calls += func in RECTIFYING
        return func(*args, **(kwargs or {}))


def check_sites(net: nn.Module, student: QuantizedModel) -> None:
    weighted = [name for name, m in net.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    norms = [name for name, m in net.named_modules() if isinstance(m, nn.BatchNorm2d)]
    kinds: dict[str, list[str]] = {}
    for site in student.report:
        kinds.setdefault(site.kind, []).append(site.name)
    assert sorted(kinds["weight"]) == sorted(weighted)
    assert sorted(kinds["norm"]) == sorted(norms)
    assert set(kinds) <= KINDS
