"""Each part of DFQ against what it must keep, and the moments against samples."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor, fx, nn

from autorecon.compress import Bits, CompressConfig, CompressError, quantize
from autorecon.compress.equalization import (
    Moments,
    absorb,
    correct_biases,
    equalize,
    find_pairs,
    hold_statistics,
    propagate,
    set_ranges,
)
from autorecon.compress.methods.dfq import student
from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.layers import ActivationQuantizer
from autorecon.compress.quantization.norms import fold_batch_norms
from autorecon.compress.quantization.quantize import Rules, quantize_captured
from autorecon.compress.quantization.rounding import quantize_weight


class Flat(nn.Sequential):
    """Gives logits, as classifiers do."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).flatten(1)


def through(layer: nn.Module, x: Tensor) -> Tensor:
    """What a convolution of the padding of its kernel gives, by its parameters."""
    weight = layer.weight
    groups = x.shape[1] // weight.shape[1]
    return nn.functional.conv2d(x, weight, layer.bias, padding=weight.shape[2] // 2, groups=groups)


def moments_of(traced: fx.GraphModule) -> dict[str, Moments]:
    folded = fold_batch_norms(traced)
    return {name: Moments(norm.offset, norm.factor.square()) for name, norm in folded.items()}


class Chain(nn.Module):
    """conv-bn-relu6-depthwise-bn-relu6-conv-bn, a residual sum, a linear layer after 2x2 pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.bn1 = nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.deep, self.bn2 = nn.Conv2d(6, 6, 3, padding=1, groups=6), nn.BatchNorm2d(6)
        self.two, self.bn3 = nn.Conv2d(6, 4, 1, bias=False), nn.BatchNorm2d(4)
        self.side, self.bn4 = nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4, affine=False)
        self.clip, self.relu, self.pool = nn.ReLU6(), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.clip(self.bn1(self.one(x)))
        y = self.clip(self.bn2(self.deep(y)))
        y = self.relu(self.bn3(self.two(y)) + self.bn4(self.side(x)))
        return self.head(self.pool(y).flatten(1))


@pytest.fixture
def chain() -> nn.Module:
    """With lopsided channels, and values below 6, so that ReLU6 is ReLU."""
    torch.manual_seed(0)
    net = Chain()
    with torch.no_grad():
        for norm in (net.bn1, net.bn2, net.bn3):
            norm.weight.uniform_(0.05, 0.5)
            norm.bias.uniform_(-0.3, 2)
        net.one.weight.mul_(torch.logspace(-1, 1, 6).view(-1, 1, 1, 1))
        for _ in range(150):
            net(torch.randn(32, 2, 8, 8))
    return net.eval()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(64, 2, 8, 8, generator=torch.Generator().manual_seed(1))


def test_folding_keeps_the_function(chain: nn.Module, images: Tensor) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    torch.testing.assert_close(traced(images), chain(images), rtol=1e-4, atol=1e-5)
    assert not any("batch_norm" in str(node.target) for node in traced.graph.nodes)
    assert normals.keys() == {"one", "deep", "two", "side"}
    torch.testing.assert_close(normals["one"].mean, chain.bn1.bias)
    torch.testing.assert_close(normals["one"].variance, chain.bn1.weight**2)


def test_equalizing_keeps_the_function_and_evens_out_the_ranges(
    chain: nn.Module, images: Tensor
) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    pairs = find_pairs(traced)
    assert [(p.name, p.second.groups) for p in pairs] == [("one", 6), ("deep", 1)]
    equalize(pairs, normals)
    torch.testing.assert_close(traced(images), chain(images), rtol=1e-4, atol=1e-5)
    ahead = traced.one.weight.abs().flatten(1).amax(1)
    behind = traced.deep.weight.abs().flatten(1).amax(1)
    torch.testing.assert_close(ahead, behind, rtol=1e-2, atol=1e-5)
    within = through(traced.one, images).var((0, 2, 3))
    torch.testing.assert_close(normals["one"].variance, within, rtol=0.3, atol=1e-3)


def test_one_pair_by_hand() -> None:
    first, second = nn.Conv2d(1, 2, 1), nn.Conv2d(2, 1, 1)
    with torch.no_grad():
        first.weight.copy_(torch.tensor([8.0, 1.0]).view(2, 1, 1, 1))
        first.bias.copy_(torch.tensor([4.0, 0.0]))
        second.weight.copy_(torch.tensor([2.0, 9.0]).view(1, 2, 1, 1))
        second.bias.fill_(1.0)
    net = capture(Flat(first, nn.ReLU(), second), (1, 4, 4))
    pairs = find_pairs(net)
    normals = {"0": Moments(torch.tensor([4.0, 0.0]), torch.tensor([1.0, 1.0]))}
    equalize(pairs, normals)
    # s = sqrt(8 / 2) = 2 and sqrt(1 / 9) = 1/3: ranges 4 and 3 on both sides.
    assert pairs[0].first.weight.flatten().tolist() == pytest.approx([4, 3])
    assert pairs[0].second.weight.flatten().tolist() == pytest.approx([4, 3])
    assert pairs[0].first.bias.tolist() == pytest.approx([2, 0])
    assert normals["0"].mean.tolist() == pytest.approx([2, 0])
    assert normals["0"].variance.tolist() == pytest.approx([0.25, 9])
    # The first channel's offset is 2 - 3 * 0.5 above what its ReLU ever cuts.
    absorb(pairs, normals)
    assert pairs[0].first.bias.tolist() == pytest.approx([1.5, 0])
    assert pairs[0].second.bias.tolist() == pytest.approx([1 + 4 * 0.5])


def test_absorbing_keeps_the_function_inside_the_borders() -> None:
    torch.manual_seed(0)
    net = Flat(nn.Conv2d(1, 3, 1), nn.ReLU(), nn.Conv2d(3, 2, 3))
    net[0].bias.data.fill_(5.0)
    net[0].weight.data.mul_(0.1)
    images = torch.rand(4, 1, 5, 5)
    before = net(images)
    traced = capture(net, (1, 5, 5))
    normals = {"0": Moments(torch.full((3,), 5.0), torch.full((3,), 0.25))}
    absorb(find_pairs(traced), normals)
    assert (traced.get_submodule("0").bias < 2).all()
    torch.testing.assert_close(traced(images), before, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("top", [math.inf, 6.0, 1.0])
@pytest.mark.parametrize("mean", [-2.0, 0.0, 0.7, 5.0])
def test_rectified_moments_are_those_of_samples(mean: float, top: float) -> None:
    torch.manual_seed(0)
    values = (torch.randn(400_000, dtype=torch.float64) * 1.5 + mean).clamp(0, top)
    given = Moments(torch.tensor([mean]).double(), torch.tensor([2.25]).double())
    found = given.rectified(top)
    assert found.mean.item() == pytest.approx(values.mean().item(), abs=0.01)
    assert found.variance.item() == pytest.approx(values.var().item(), abs=0.02)


def test_moments_follow_a_residual_net(chain: nn.Module, images: Tensor) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    found = {
        node.meta["label"]: moments
        for node, moments in propagate(traced, normals).items()
        if "label" in node.meta
    }
    y = chain.clip(through(traced.deep, chain.clip(through(traced.one, images))))
    total = through(traced.two, y) + through(traced.side, images)
    torch.testing.assert_close(found["add"].mean, total.mean((0, 2, 3)), rtol=0.2, atol=0.15)
    torch.testing.assert_close(
        found["relu"].mean, total.relu().mean((0, 2, 3)), rtol=0.2, atol=0.15
    )
    assert found["head"].mean.shape == (3,)
    torch.testing.assert_close(found["head"].mean, chain(images).mean(0), rtol=0.3, atol=0.15)


def test_corrected_biases_take_the_expected_error_off(chain: nn.Module) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    model = quantize_captured(traced, Rules(Bits(2, 8), rounding="plain")).module
    before = model.two.bias.clone()
    (call,) = (call for call in weighted_calls(model) if call.layer == "two")
    expected = propagate(model, normals)[call.source].mean
    correct_biases(model, normals)
    error = (quantize_weight(model.two.weight, 2, "plain") - model.two.weight).flatten(1)
    by_hand = [
        sum(e * m for e, m in zip(row, expected.tolist(), strict=True)) for row in error.tolist()
    ]
    torch.testing.assert_close(before - model.two.bias, torch.tensor(by_hand))


def activation_quantizers(net: nn.Module) -> list[ActivationQuantizer]:
    return [part for part in net.modules() if isinstance(part, ActivationQuantizer)]


def test_ranges_cover_six_deviations(chain: nn.Module) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    model = quantize_captured(traced, Rules(Bits(8, 8), "percentile")).module
    set_ranges(model, normals)
    top = (chain.bn1.bias + 6 * chain.bn1.weight.abs()).max().clamp_max(6)
    assert model.quantizers.clip.high.item() == pytest.approx(top.item(), rel=1e-5)
    assert all(q.initialised and q.low == 0 for q in activation_quantizers(model))


@pytest.mark.parametrize("scheme", ["gdfq", "integer"])
def test_the_whole_is_close_at_eight_bits(chain: nn.Module, images: Tensor, scheme: str) -> None:
    made = student(chain, (2, 8, 8), CompressConfig(method="dfq", bits="w8a8", scheme=scheme))
    made.begin([])
    wrong = (made(images) - chain(images)).abs().mean() / chain(images).abs().mean()
    assert wrong < 0.1


def test_sums_pools_and_answers_have_ranges_too(chain: nn.Module) -> None:
    traced = capture(chain, (2, 8, 8))
    normals = moments_of(traced)
    model = quantize_captured(traced, Rules(Bits(8, 8), "mse", scheme="integer")).module
    set_ranges(model, normals)
    found = dict(model.quantizers.named_children())
    wide = (chain.bn3.weight**2 + 1).sqrt()  # the other is not scaled
    top = (chain.bn3.bias + 6 * wide).max()
    assert found["relu"].high.item() == pytest.approx(top.item(), rel=1e-4)
    assert all(q.initialised and q.low < q.high for q in activation_quantizers(model))


def test_wide_grids_hold_what_statistics_tell_whatever_images_show(chain: nn.Module) -> None:
    widths = Bits(8, 8), Bits(4, 4)
    for bits, held in zip(widths, (True, False), strict=True):
        model = quantize(chain, (2, 8, 8), bits, scheme="integer")
        hold_statistics(model.module)
        model(torch.zeros(2, 2, 8, 8))
        ends = model.module.quantizers.two, model.module.quantizers.side
        wide = (chain.bn3.bias + 6 * chain.bn3.weight.abs()).max()
        assert all((q.high >= 3) == held for q in ends)
        assert (ends[0].high >= wide * 0.999) == held


def test_correction_and_equalization_pay_at_few_bits(chain: nn.Module, images: Tensor) -> None:
    made = student(chain, (2, 8, 8), CompressConfig(method="dfq", bits="w3a8"))
    plain = quantize(chain, (2, 8, 8), Bits(3, 8), rounding="plain")
    plain(images)
    plain.freeze()

    @torch.no_grad()
    def off(model: object) -> float:
        return float((model(images) - chain(images)).mean(0).abs().sum())

    assert off(made) < off(plain)


def test_what_cannot_be_followed_is_said() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)

        def forward(self, x: Tensor) -> Tensor:
            return (self.bn(self.conv(x)).sort(1).values.relu()).mean((2, 3))

    with pytest.raises(CompressError, match="cannot tell the range of 'relu'"):
        student(Odd().eval(), (1, 8, 8), CompressConfig(method="dfq"))


@pytest.mark.parametrize("function", [nn.functional.hardswish, nn.functional.silu, torch.relu])
def test_moments_of_any_function_are_those_of_samples(function: object) -> None:
    torch.manual_seed(0)
    values = function(torch.randn(400_000) * 1.5 - 0.5)
    found = Moments(torch.tensor([-0.5]), torch.tensor([2.25])).through(function)
    assert found.mean.item() == pytest.approx(values.mean().item(), abs=0.01)
    assert found.variance.item() == pytest.approx(values.var().item(), abs=0.02)
