"""A fused net computes what the net that runs every candidate computes, and its gradients."""

from __future__ import annotations

from functools import cache

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import autorecon
from autorecon.lang import declared_parameters, shipped_spaces
from autorecon.lang.syntax.parse import read_source
from autorecon.lowering import PASSES, check_plan, lower, optimise
from autorecon.lowering.plan import Convolve
from autorecon.nn import OneCandidate, SomeCandidates
from autorecon.nn.mixture import kept

SMALL = {"size": 16, "width": 8, "classes": 3, "channels": 1, "latent": 10}
TOLERANCE = 1e-10  # of float64, beside values of the size of 1


def nets(space):
    """Fused and plain, of the same seed."""
    build = autorecon.generator if space.is_genotype else autorecon.supernet
    found = [build(space, seed=0, fuse=fuse).double() for fuse in (True, False)]
    assert list(found[0].state_dict()) == list(found[1].state_dict())
    return found


def soft(space, seed=0):
    random = torch.Generator().manual_seed(seed)
    counts = {e.name: len(e.candidates) for e in space.choices}
    draw = {n: torch.randn(c, generator=random, dtype=torch.float64) for n, c in counts.items()}
    return {name: values.softmax(0) for name, values in draw.items()}


def hard(space, seed):
    """One candidate an edge, with an image."""
    random = torch.Generator().manual_seed(seed)
    while True:
        picks = {
            e.name: int(torch.randint(len(e.candidates), (), generator=random))
            for e in space.choices
        }
        try:
            lower(space, {name: (k,) for name, k in picks.items()})
        except ValueError:
            continue
        one = torch.ones((), dtype=torch.float64)
        return {name: OneCandidate(k, one) for name, k in picks.items()}


def leaves(mixture):
    """The mixture with tensors that take gradients, and these."""
    own = {
        name: OneCandidate(m.index, m.weight.clone().requires_grad_())
        if isinstance(m, OneCandidate)
        else m.clone().requires_grad_()
        for name, m in mixture.items()
    }
    tensors = {n: m.weight if isinstance(m, OneCandidate) else m for n, m in own.items()}
    return own, tensors


def observed(net, mixture, training):
    """Images, all gradients and all buffers after one call."""
    net.train(training).zero_grad()
    z, y = net.example_inputs(3, torch.Generator().manual_seed(1))
    z = z.double().requires_grad_()
    mixture, tensors = leaves(mixture)
    images = net(z, y, mixture) if tensors else net(z, y)
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    (images * direction).sum().backward()
    gradients = {"z": z} | tensors | dict(net.named_parameters())
    return {"images": images.detach()} | dict(net.named_buffers()), gradients


def assert_same(space, mixture):
    plan = lower(space, kept(mixture))
    for change in PASSES:
        check_plan(plan)
        plan = change(plan)
    check_plan(plan)
    both = nets(space)
    for training in (True, False):
        fused, plain = (observed(net, mixture, training) for net in both)
        for name, value in plain[0].items():
            torch.testing.assert_close(fused[0][name], value, atol=TOLERANCE, rtol=TOLERANCE)
        for name, leaf in plain[1].items():
            other = fused[1][name].grad
            pair = [torch.zeros_like(leaf) if g is None else g for g in (other, leaf.grad)]
            torch.testing.assert_close(*pair, atol=TOLERANCE, rtol=TOLERANCE, msg=name)


@cache
def small(name):
    declared = set(declared_parameters(read_source(shipped_spaces()[name])))
    return autorecon.load(name, **{k: v for k, v in SMALL.items() if k in declared})


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces(name):
    space = small(name)
    assert_same(space, soft(space))


def test_convolutions_by_way_of_spectra():
    space = autorecon.load("paper", width=32, size=16, classes=3, channels=1, latent=10)
    steps = optimise(lower(space)).steps
    assert sum(isinstance(step, Convolve) and step.fourier for step in steps) == 4
    assert_same(space, soft(space))
    assert_same(space, hard(space, 3))


@pytest.mark.parametrize("name", [n for n in shipped_spaces() if not small(n).is_genotype])
@pytest.mark.parametrize("seed", [1])
def test_sampled_architectures_of_shipped_spaces(name, seed):
    space = small(name)
    assert_same(space, hard(space, seed))


KEEPING = [
    "conv(1)", "conv(3)", "conv(5)", "conv(3, dilation=2)", "conv(5, dilation=2)",
    "conv(3, dilation=3, bias=false)", "conv(3, groups=2)", "conv(1, groups=4)",
    "conv(3, spectral=true)", "relu >> conv(3)", "relu >> conv(5)", "bn >> relu >> conv(3)",
    "conv(3) >> bn >> leaky_relu(0.1)", "ccbn(y) >> relu >> conv(1)", "sepconv(3)", "tanh",
    "identity", "none", "instance_norm", "layer_norm >> conv(3)", "conv(1) >> nearest",
    "group_norm(2) >> silu >> conv(3)",
]  # fmt: skip
ENLARGING = [
    "nearest", "bilinear", "bicubic", "nearest >> conv(1)", "bilinear >> conv(1)",
    "nearest >> conv(3)", "nearest >> conv(5)", "nearest >> conv(5, dilation=2)",
    "bilinear >> conv(3)", "deconv(4)", "nearest >> bn >> relu >> conv(3)",
    "conv(3, out=16) >> pixel_shuffle", "none",
    "nearest >> prelu >> conv(3, dilation=2) >> instance_norm", "nearest >> conv(3, groups=2)",
    "nearest >> group_norm(4) >> gelu >> conv(3)",
]  # fmt: skip
THEN = ["", "then relu", "then bn(eps=0.1) >> leaky_relu(0.2)", "then ccbn(y) >> relu", "then bn"]
MERGE = ["", "merge sum", "merge mean", "merge product"]


def statements(draw, kind, source, target, sure):
    """An edge with one to four candidates; one that is sure is never `none`."""
    known = [c for c in kind if not (sure and c == "none")]
    chosen = draw(st.lists(st.sampled_from(known), min_size=1, max_size=4, unique=True))
    if chosen == ["none"]:
        chosen = known[:1]
    return f"link {source} -> {target} = {' | '.join(chosen)}"


@st.composite
def spaces(draw):
    """Two nodes of 3x4, three of double the size; all pairs in between may be edges."""
    low, high = ["a", "b"], ["c", "d", "e"]
    lines = ["space generated", "input z [8]: noise", "input y: label(3)"]
    for name in low + high:
        size = "3, 4" if name in low else "6, 8"
        merge, then = draw(st.sampled_from(MERGE)), draw(st.sampled_from(THEN))
        lines.append(f"node {name} [4, {size}] {merge} {then}")
    lines += [
        "output image [4, 6, 8]",
        "link z -> a = linear",
        "link e -> image = conv(3) >> ccbn(y) >> tanh",
    ]
    order = low + high
    for i, source in enumerate(order):
        for target in order[i + 1 :]:
            sure = order.index(target) == i + 1
            if sure or draw(st.booleans()):
                kind = KEEPING if (source in low) == (target in low) else ENLARGING
                lines.append(statements(draw, kind, source, target, sure))
    return "\n".join(lines)


@settings(max_examples=6, deadline=None, derandomize=True)
@given(spaces(), st.integers(0, 99))
def test_generated_spaces(text, seed):
    space = autorecon.loads(text)
    mixture = soft(space, seed)
    assert_same(space, mixture)
    if mixture:
        assert_same(space, hard(space, seed))


def test_nets_of_one_seed_differ_in_nothing_but_rounding():
    fused, plain = (autorecon.supernet(small("paper"), seed=3, fuse=f) for f in (True, False))
    for name, value in plain.state_dict().items():
        assert torch.equal(value, fused.state_dict()[name])


def test_a_norm_at_low_resolution_keeps_the_running_variance_of_the_repeated_map():
    text = """space up
    input z [4]: noise
    node a [4, 2, 2]
    node b [4, 4, 4] then bn
    output image [4, 4, 4]
    link z -> a = linear
    link a -> b = nearest
    link b -> image = conv(5)
    """
    fused, plain = nets(autorecon.loads(text))
    z, y = fused.example_inputs(3, torch.Generator().manual_seed(0))
    for net in (fused, plain):
        net(z.double(), y)
    name = "b.bn.running_var"
    torch.testing.assert_close(
        fused.state_dict()[name], plain.state_dict()[name], rtol=1e-12, atol=0
    )
    assert int(fused.state_dict()["b.bn.num_batches_tracked"]) == 1


def test_a_norm_that_edges_share_is_trained_where_only_one_of_them_repeats_pixels():
    text = """space shared
    input z [4]: noise
    node a, b [2, 2, 2]
    output image [2, 4, 4]
    link z -> a = linear
    link a -> b = nearest >> bn
    link b -> image = nearest >> bn
    share weights a -> b, b -> image
    """
    assert_same(autorecon.loads(text), {})


@pytest.mark.parametrize("kind", ["conv(3, spectral=true)", "linear(spectral=true)"])
def test_a_normalised_weight_that_edges_share_takes_one_step_a_pass(kind):
    space = autorecon.loads(f"""space shared
    input z [4]: noise
    node a, b, c [2, 4, 4]
    output image [2, 4, 4]
    link z -> a = linear
    link a -> b = {kind} >> relu
    link b -> c = {kind} >> relu
    link a -> image = {kind} >> relu
    link c -> image = identity
    share weights a -> b, b -> c, a -> image
    """)
    assert_same(space, {})
    net = autorecon.generator(space, seed=0)
    (norm,) = (m for m in net.modules() if hasattr(m, "_u"))
    v = norm._v.clone()
    net(*net.example_inputs(2))
    (weight,) = (p for name, p in net.named_parameters() if name.endswith("original"))
    u = torch.nn.functional.normalize(weight.flatten(1) @ v, dim=0)
    v = torch.nn.functional.normalize(weight.flatten(1).T @ u, dim=0)
    torch.testing.assert_close((norm._u, norm._v), (u, v))


@pytest.mark.parametrize("fuse", [True, False])
def test_some_candidates_alone_are_as_all_where_the_others_weigh_nothing(fuse):
    """Images and the gradients of what is computed, to weights and to the mixture."""
    space = small("paper")
    pairs = {
        e.name: (k % (len(e.candidates) - 1), len(e.candidates) - 1)
        for k, e in enumerate(space.choices)
    }
    found = []
    for alone in (True, False):
        net = autorecon.supernet(space, seed=0, fuse=fuse).double()
        weights = {}
        for e in space.choices:
            own = torch.zeros(len(e.candidates), dtype=torch.float64)
            own[pairs[e.name][0]] = 1
            weights[e.name] = own.requires_grad_()
        some = {n: SomeCandidates(pairs[n], w) if alone else w for n, w in weights.items()}
        z, y = net.example_inputs(3, torch.Generator().manual_seed(1))
        images = net(z.double(), y, some)
        (images * torch.linspace(-1, 1, images.numel()).view_as(images)).sum().backward()
        gates = [w.grad[list(pairs[n])] for n, w in weights.items()]
        computed = {n: p.grad for n, p in net.named_parameters() if p.grad is not None}
        found.append((images, gates, computed))
    (image, gates, parts), (expected, all_gates, all_parts) = found
    torch.testing.assert_close(image, expected, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(gates, all_gates, atol=1e-10, rtol=1e-10)
    for name, gradient in parts.items():
        torch.testing.assert_close(gradient, all_parts[name], atol=1e-10, rtol=1e-10)
    assert len(parts) < len(all_parts)
