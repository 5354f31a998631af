"""Networks as people write them: captured whole and equal, or refused with the reason."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, prune, spectral_norm, weight_norm
from torch.utils.checkpoint import checkpoint

from autorecon.compress import Bits, TraceError, quantize
from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.capture import capture

SHAPE = (3, 8, 8)


@pytest.fixture(autouse=True)
def captured_once() -> None:
    """Here capturing itself is tested."""


class Net(nn.Module):
    """A convolution, a norm, a rectifier and a linear layer, between which `middle` stands."""

    def __init__(self, middle: Callable[[nn.Module, Tensor], Tensor] | None = None) -> None:
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Linear(8, 10)
        self.middle = middle

    def forward(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        if scale is None:
            x = 3 * x
        x = self.bn(self.conv(x))
        if self.middle is not None:
            x = self.middle(self, x)
        return self.fc(torch.relu(x).mean((2, 3)))


class Same(nn.Conv2d):
    """Pads as its image needs, then convolves by the function, as EfficientNets do."""

    def forward(self, x: Tensor) -> Tensor:
        out = -(-x.shape[-1] // self.stride[0])
        pad = max(0, (out - 1) * self.stride[0] + self.kernel_size[0] - x.shape[-1])
        x = F.pad(x, [pad // 2, pad - pad // 2] * 2)
        return F.conv2d(x, self.weight, self.bias, self.stride)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(8, 8, 3, padding=1)

    def forward(self, given: dict[str, object]) -> tuple[Tensor, list[int]]:
        x, sizes = given["x"], given["sizes"]
        return F.relu_(self.conv(x)) + x, [*sizes, x.shape[-1]]


def plumbing(net: nn.Module, x: Tensor) -> Tensor:
    """Dicts, lists, a block that is called three times, and a loop over sizes."""
    sizes: list[int] = []
    for _ in range(3):
        x, sizes = net.block({"x": x, "sizes": sizes})
    return sum([x / size for size in sizes], start=torch.zeros(()))


def in_place(net: nn.Module, x: Tensor) -> Tensor:
    """Views of a value are changed, and the value is read afterwards."""
    half = x[:, :4]
    half.mul_(2).relu_()
    x.add_(1)
    return x + half.repeat(1, 2, 1, 1)


def stochastic(net: nn.Module, x: Tensor) -> Tensor:
    """Drops a path in training alone."""
    if net.training and torch.rand(()) < 0.5:
        return x
    return F.dropout(x + 1, 0.5, net.training)


def autocast(device: str, enabled: bool) -> Callable[[nn.Module, Tensor], Tensor]:
    def middle(net: nn.Module, x: Tensor) -> Tensor:
        with torch.autocast(device, dtype=torch.bfloat16, enabled=enabled):
            return net.conv(x.repeat(1, 1, 2, 2)[:, :3])

    return middle


def with_block(net: Net) -> Net:
    net.block = Block()
    return net


def with_weight(shape: tuple[int, ...], middle: Callable[[nn.Module, Tensor], Tensor]) -> Net:
    net = Net(middle)
    net.own = nn.Parameter(torch.randn(shape) / 3)
    return net


def reparametrised(change: Callable[[nn.Module], object]) -> Net:
    net = Net()
    change(net.conv)
    return net


CHECKED = {
    "plain": lambda: Net(),
    "subclass": lambda: nn.Sequential(Same(3, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)),
    "plumbing": lambda: with_block(Net(plumbing)),
    "in place": lambda: Net(in_place),
    "stochastic": lambda: Net(stochastic),
    "conv2d": lambda: with_weight((8, 8, 3, 3), lambda net, x: F.conv2d(x, net.own, padding=1)),
    "transposed": lambda: with_weight((8, 8, 2, 2), lambda n, x: F.conv_transpose2d(x, n.own)),
    "conv1d": lambda: with_weight((8, 8, 3), lambda n, x: F.conv1d(x.flatten(2), n.own)[..., None]),
    "conv3d": lambda: with_weight(
        (8, 8, 1, 3, 3), lambda n, x: F.conv3d(x.unsqueeze(2), n.own).squeeze(2)
    ),
    "matmul": lambda: with_weight((6, 5), lambda net, x: x @ net.own),
    "matmul from the left": lambda: with_weight((5, 6), lambda net, x: net.own @ x),
    "addmm": lambda: with_weight(
        (6, 6),
        lambda net, x: torch.addmm(net.bn.bias[:6], x.reshape(-1, 6), net.own.t()).view_as(x),
    ),
    "einsum": lambda: with_weight((8, 8), lambda net, x: torch.einsum("bchw,oc->bohw", x, net.own)),
    "einsum of several axes": lambda: with_weight(
        (2, 8, 4), lambda net, x: torch.einsum("icj,bchw->bijhw", net.own, x).flatten(1, 2)
    ),
    "einsum, shortened": lambda: with_weight(
        (6, 5), lambda net, x: torch.einsum("...c,co", x, net.own)
    ),
    "batch_norm": lambda: with_weight(
        (8,), lambda net, x: F.batch_norm(x, net.own.detach(), net.own.detach() ** 2, net.own)
    ),
    "number of images": lambda: Net(lambda net, x: x.view(len(x) * 2, -1).view(len(x), 8, 6, 6)),
    "number of images, as a factor": lambda: FixedBatch(),
    "without gradients": lambda: Net(torch.no_grad()(lambda net, x: torch.relu_(x + 1) * 2)),
    "autocast that is off": lambda: Net(autocast("cpu", False)),
    "weight_norm": lambda: reparametrised(parametrizations.weight_norm),
    "spectral": lambda: reparametrised(parametrizations.spectral_norm),
    "checkpointed": lambda: Net(lambda net, x: checkpoint(torch.sin, x, use_reentrant=False)),
}


def settled(net: nn.Module) -> nn.Module:
    with torch.no_grad():
        for _ in range(3):
            net.train()(torch.randn(16, *SHAPE))
    return net.eval()


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("name", CHECKED)
def test_captured_whole_and_quantized_closely(name: str) -> None:
    """The graph answers as the network; all weights of products are quantized; at 8 bits the answer
    is near."""
    net = settled(CHECKED[name]())
    x = torch.randn(9, *SHAPE)
    expected = net(x)
    torch.testing.assert_close(capture(net, SHAPE)(x), expected)
    student = quantize(net, SHAPE, Bits(8, 8), "minmax")
    assert student.coverage.share_of_macs == 1
    assert set(net.state_dict()) - set(student.module.state_dict()) <= {
        key for key in net.state_dict() if "parametrizations" in key
    }
    student(x)
    student.freeze()
    assert 0 < (student(x) - expected).norm() < 0.1 * expected.norm()


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize(
    "change",
    [weight_norm, spectral_norm, lambda conv: prune.l1_unstructured(conv, "weight", amount=0.5)],
)
def test_weights_that_hooks_compute_are_quantized_as_they_are(
    change: Callable[[nn.Module], object],
) -> None:
    net = settled(reparametrised(change))
    expected = net(torch.zeros(1, *SHAPE))
    student = quantize(net, SHAPE, Bits(4, 4))
    assert {"conv", "fc"} == {site.name for site in student.report if site.kind == "weight"}
    torch.testing.assert_close(student.module.conv.weight, net.conv.weight.detach())
    torch.testing.assert_close(net(torch.zeros(1, *SHAPE)), expected)


def _twice(layer: nn.Module, inputs: object, output: Tensor) -> Tensor:
    return 2 * output


def _patch(net: Net) -> None:
    net.fc.forward = lambda x: 2 * nn.Linear.forward(net.fc, x)


@pytest.mark.parametrize(
    "change",
    [
        lambda net: net.conv.register_forward_hook(_twice),
        lambda net: net.fc.register_forward_hook(_twice),
        lambda net: net.register_forward_hook(_twice),
        _patch,
    ],
)
def test_hooks_and_patched_forwards_are_kept(change: Callable[[nn.Module], object]) -> None:
    net = settled(Net())
    plain = net(torch.ones(2, *SHAPE))
    change(net)
    found = capture(net, SHAPE)(torch.ones(2, *SHAPE))
    torch.testing.assert_close(found, net(torch.ones(2, *SHAPE)))
    assert not torch.allclose(found, plain)


def test_the_graph_shares_nothing_and_changes_nothing() -> None:
    net = settled(Net(in_place))
    before = copy.deepcopy(net.state_dict())
    traced = capture(net, SHAPE)
    own = {value.data_ptr() for value in traced.state_dict().values()}
    assert not own & {value.data_ptr() for value in net.state_dict().values()}
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_multiply_accumulates_by_hand() -> None:
    net = with_weight((8, 8, 2, 2), lambda n, x: F.conv_transpose2d(x, n.own, stride=2))
    found = {call.layer: call.macs for call in weighted_calls(capture(settled(net), SHAPE))}
    assert found["conv"] == 8 * 6 * 6 * 3 * 9
    assert found["own"] == 8 * 6 * 6 * 8 * 4
    net = with_weight((2, 8, 8), lambda n, x: torch.einsum("bc...,nco->bo...", x, n.own))
    (own,) = (call for call in weighted_calls(capture(settled(net), SHAPE)) if call.layer == "own")
    assert (own.macs, own.axis) == (8 * 6 * 6 * 2 * 8, 2)


def test_a_divisor_that_is_kept_from_zero_is_no_activation() -> None:
    net = settled(Net(lambda net, x: F.normalize(torch.relu(x), dim=1)))
    student = quantize(net, SHAPE, Bits(2, 2), "minmax")
    assert sum(site.kind == "activation" for site in student.report) == 2
    assert student(torch.zeros(2, *SHAPE)).isfinite().all()


def test_an_einsum_of_values_is_part_of_the_work() -> None:
    net = settled(Net(lambda net, x: torch.einsum("bchw,bdhw->bcd", x, x)[..., None]))
    left = quantize(net, SHAPE, Bits(4, 4)).coverage.left[0]
    assert (left.name, left.macs) == ("einsum", 8 * 8 * 36)


def test_products_of_values_are_part_of_the_work_and_stay() -> None:
    net = settled(Net(lambda net, x: x @ x.transpose(2, 3)))
    student = quantize(net, SHAPE, Bits(4, 4))
    assert student.coverage.macs == 8 * 36 * 27 + 8 * 10 + 8 * 36 * 6
    assert student.coverage.macs_quantized == 8 * 36 * 27 + 8 * 10
    assert student.coverage.left[0].macs == 8 * 36 * 6
    assert ("matmul", "product of values") in [(s.name, s.kind) for s in student.report]


class TwoAnswers(Net):
    def forward(self, x: Tensor) -> object:
        return OrderedDict(logits=super().forward(x), features=x)


class FixedBatch(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.view(int(x.shape[0]), 3, 8, 8)) * int(x.shape[0])


class AtRandom(Net):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + torch.rand(x.shape[0], 10)


class ByValue(Net):
    """Answers otherwise where an image has values that none has while it is captured."""

    calls = 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return super().forward(x) * self.calls


@pytest.mark.parametrize(
    ("model", "fault"),
    [
        (TwoAnswers(), "gives 2 values, not one tensor of logits"),
        (Net(lambda net, x: torch.stack([x[i] for i in range(len(x))])), "3 images.*test_capture"),
        (Net(lambda net, x: x * torch.tensor(len(x))), "otherwise|one number of images alone"),
        (AtRandom(), "answers the same images otherwise each time"),
        (ByValue(), "otherwise each time"),
        (Net(lambda net, x: x[x.square().mean((1, 2, 3)) >= 0]), "so many answers as the values"),
        (Net(lambda net, x: F.conv2d(x, net.bn.missing)), "no attribute 'missing'"),
        (Net(autocast("cpu", True)), "computed under other rules.*test_capture.py"),
    ],
)
def test_what_cannot_be_captured_is_refused_in_one_line(model: nn.Module, fault: str) -> None:
    with pytest.raises(TraceError, match=fault) as caught:
        capture(model.eval(), SHAPE)
    assert "\n" not in str(caught.value)


def test_a_graph_that_differs_names_the_first_norm(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that behaves otherwise while torch.export looks."""

    def other(net: nn.Module, x: Tensor) -> Tensor:
        return x + 1 if torch.compiler.is_compiling() else x

    net = Net(other)
    net.late = nn.BatchNorm2d(8)
    net.middle = lambda n, x: n.late(other(n, x))
    with pytest.raises(TraceError, match="the first layer that differs is late"):
        capture(net.eval(), SHAPE)
