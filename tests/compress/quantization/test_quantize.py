from __future__ import annotations

import copy
from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from autorecon.compress import Bits, CompressError, TraceError, quantize
from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.quantization.rounding import fake_quantize, quantize_weight


class Forms(nn.Module):
    """Every way to write a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.six = nn.ReLU6()
        self.inplace = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.inplace(self.six(self.conv(x)))
        x = F.relu6(F.relu(x, inplace=True))
        return torch.relu(x).relu().relu_()


class OnTwoPaths(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return self.conv(x)
        return x


class Linear(OnTwoPaths):
    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Later(OnTwoPaths):
    """What stands in ReLU's place in later networks, as modules and as functions."""

    def __init__(self) -> None:
        super().__init__()
        self.hard, self.silu = nn.Hardswish(), nn.SiLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = F.silu(F.hardswish(self.silu(self.hard(self.conv(x)))), inplace=True)
        return x * torch.sigmoid(x)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_student_computes_what_it_should(teacher: nn.Module, rounding: str) -> None:
    """Against a forward written out by hand, each of the three ReLU calls with its own range."""
    student = quantize(teacher, (1, 8, 8), Bits(4, 3), "minmax", rounding)
    images = torch.randn(4, 1, 8, 8)
    logits = student(images)
    ranges = []

    def quantized(x: Tensor) -> Tensor:
        x = x.relu()
        low, high = x.aminmax()
        ranges.append((low.item(), high.item()))
        return fake_quantize(x, low, high, 3)

    net = copy.deepcopy(teacher)
    for layer in (net.conv1, net.conv2, net.conv3, net.head):
        layer.weight.data = quantize_weight(layer.weight.data, 4, rounding)
    x = quantized(net.bn1(net.conv1(images)))
    x = quantized(net.bn2(net.conv2(x)) + x)
    x = quantized(net.conv3(x))
    assert torch.equal(logits, net.head(x.mean((2, 3))))
    assert [(q.low.item(), q.high.item()) for q in student.quantizers()] == ranges
    assert len(set(ranges)) == 3


def test_the_teacher_is_neither_changed_nor_shared(teacher: nn.Module) -> None:
    teacher.requires_grad_(False)
    before = copy.deepcopy(teacher.state_dict())
    student = quantize(teacher, (1, 8, 8), Bits(3, 3))
    mine = {tensor.data_ptr() for tensor in student.module.parameters()}
    assert not mine & {tensor.data_ptr() for tensor in teacher.parameters()}
    assert all(parameter.requires_grad for parameter in student.module.parameters())
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert not any(module.training for module in student.module.modules())


def test_state_dicts_correspond(teacher: nn.Module) -> None:
    names = set(quantize(teacher, (1, 8, 8), Bits(3, 3)).module.state_dict())
    added = names - set(teacher.state_dict())
    assert names >= set(teacher.state_dict())
    assert all(name.startswith("quantizers.") for name in added)


def test_every_form_of_relu_is_found() -> None:
    student = quantize(Forms().eval(), (1, 8, 8), Bits(4, 4))
    assert len(list(student.quantizers())) == 7


def test_hardswish_and_silu_are_quantized_with_what_is_below_zero() -> None:
    student = quantize(Later().eval(), (1, 7, 7), Bits(8, 8), "minmax")
    student(torch.linspace(-6, 6, 49).view(1, 1, 7, 7))
    assert len(list(student.quantizers())) == 5
    assert all(q.low < 0 < q.high for q in student.quantizers())


def test_ranges_must_be_known_before_they_are_frozen(teacher: nn.Module) -> None:
    student = quantize(teacher, (1, 8, 8), Bits(3, 3))
    with pytest.raises(CompressError, match="show the student images first"):
        student.freeze()
    student(torch.randn(2, 1, 8, 8))
    student.freeze()
    before = copy.deepcopy(student.module.state_dict())
    student(torch.randn(2, 1, 8, 8) * 9)
    after = student.module.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (OnTwoPaths(), "OnTwoPaths cannot be captured by torch.export: .*data-dependent"),
        (Linear(), "Linear has no activation to quantize"),
        (nn.Sequential(nn.BatchNorm2d(1), nn.ReLU()), "no convolution and no linear layer"),
    ],
)
def test_what_cannot_be_quantized_is_said(
    model: nn.Module, fault: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(TraceError, match=fault) as caught:
        quantize(model.eval(), (1, 8, 8), Bits(3, 3))
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)
    assert not capfd.readouterr().err  # torch shows graphs beside an error


def test_a_fault_of_tracing_names_module_file_and_line() -> None:
    inner = nn.Sequential(nn.Conv2d(1, 1, 1), OnTwoPaths())
    with pytest.raises(TraceError) as caught:
        quantize(nn.Sequential(nn.ReLU(), inner).eval(), (1, 8, 8), Bits(3, 3))
    line = OnTwoPaths.forward.__code__.co_firstlineno + 1
    place = f"1.1 (OnTwoPaths), {__file__}:{line} `if x.sum() > 0:`: Could not guard"
    assert f"Sequential cannot be captured by torch.export: {place}" in str(caught.value)


def test_an_attribute_of_the_same_name_is_refused(teacher: nn.Module) -> None:
    model = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    model.quantizers = nn.Conv2d(1, 1, 1)
    model.forward = lambda x: model.quantizers(model[1](model[0](x)))
    with pytest.raises(TraceError, match="'quantizers'"):
        quantize(model.eval(), (1, 8, 8), Bits(3, 3))


def test_unknown_ranges_are_refused(teacher: nn.Module) -> None:
    with pytest.raises(
        CompressError, match="'max' is unknown; choose fitted or percentile or mse or channels"
    ):
        quantize(teacher, (1, 8, 8), Bits(3, 3), "max")


def test_unknown_rounding_is_refused(teacher: nn.Module) -> None:
    with pytest.raises(CompressError, match="rounding = 'up' is unknown; choose plain or unbiased"):
        quantize(teacher, (1, 8, 8), Bits(3, 3), rounding="up")


class Alike(nn.Module):
    """A block's convolution and activation that are called as others are, but for a dot."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 2, 1), relu=nn.ReLU()))
        self.a_conv, self.a_relu = nn.Conv2d(2, 2, 1), nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.a_relu(self.a_conv(self.a(x)) + 3).mean((2, 3))


def test_names_that_differ_by_a_dot_have_quantizers_of_their_own() -> None:
    model = quantize(Alike().eval(), (1, 4, 4), Bits(3, 3))
    model(torch.rand(2, 1, 4, 4))
    assert len({float(quantizer.high) for quantizer in model.quantizers()}) == 2


@pytest.mark.parametrize(
    "arguments", [(Bits(4, 4),), ((1, 8), Bits(4, 4)), (Bits(4, 4), (1, 8, 8)), ((1, 8, 8), "w4a4")]
)
def test_what_must_be_told_of_images_and_bits_is_said(
    teacher: nn.Module, arguments: tuple[object, ...]
) -> None:
    with pytest.raises(CompressError, match=r"quantize\(net, \(3, 224, 224\), Bits\(4, 4\)\), not"):
        quantize(teacher, *arguments)  # type: ignore[arg-type]


class Shared(nn.Module):
    """Two convolutions with one weight, the second with a norm; a matrix that is no layer's."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.other = nn.Conv2d(2, 2, 3, bias=False), nn.Conv2d(2, 2, 3, bias=False)
        self.other.weight = self.one.weight
        self.norm, self.matrix = nn.BatchNorm2d(2), nn.Parameter(torch.randn(3, 2))
        nn.init.uniform_(self.norm.weight, 0.2, 0.4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.norm(self.other(torch.relu(self.one(x)))))
        return nn.functional.linear(x.mean((2, 3)), self.matrix)


@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
def test_a_weight_that_layers_share_counts_once_and_stays_theirs(scheme: str) -> None:
    torch.manual_seed(0)
    net, images = Shared().eval(), torch.randn(4, 2, 6, 6)
    model = quantize(net, (2, 6, 6), Bits(20, 20), "minmax", "plain", scheme)
    assert torch.allclose(model(images), net(images), atol=1e-4)
    assert model.coverage.macs_quantized == model.coverage.macs
    assert model.coverage.weights_quantized == 36 + 6  # the norm cannot be folded into both
