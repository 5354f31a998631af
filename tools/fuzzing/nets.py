"""Nets of one state, fused and plain, exported and derived, compute the same in float64: images,
gradients to weights, mixture and noise, and running statistics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

import autorecon
from autorecon import Space
from autorecon.export.source import loaded, source
from autorecon.graph.architectures.codec import Picks
from autorecon.nn import OneCandidate, SomeCandidates, edge_mixture
from autorecon.nn.mixture import Sampled, kept
from fuzzing.judge import Difference, holds
from fuzzing.language import valid_ones
from fuzzing.plans import Differs, leaves, prove

MOST = 60_000  # weights, or numbers computed, of a space whose nets are tried
BATCH = 3
TOLERANCE = 1e-9  # of float64, beside values of the size of 1
ROUNDING = 300  # times what rounding does to the plain net
INTERPRETED = 0.15  # of the nets: every plan on the way is run slowly, too

Net = autorecon.nn.SuperNet | autorecon.nn.Generator
Seen = dict[str, Tensor]


def check_nets(space: Space, random: Random) -> int:
    """How many pairs of nets were compared; 0 for a space that is too large."""
    if max(space.cost.parameters.max, space.cost.activations.max) > MOST:
        return 0
    seed, compared = random.randrange(1_000), 0
    if not space.is_genotype:
        pair = fused_and_plain(space, seed)
        for sampled in mixtures(space, random):
            check_pair("super net", *pair, sampled)
            compared += 1
        if random.random() < INTERPRETED:
            compared += check_plans(pair[1], sampled)
    valid = valid_ones(space)
    if valid is None:
        return compared
    return compared + check_derived(space, valid.sample(random), seed, random)


def check_derived(space: Space, picks: Picks, seed: int, random: Random) -> int:
    found = space.genotype(picks)
    fused, plain = fused_and_plain(found, seed)
    check_pair("generator", fused, plain, {})
    if random.random() < INTERPRETED:
        check_plans(plain, {})
    if not space.is_genotype:
        check_heir(space, found, picks, seed)
    if random.random() < 0.3:
        check_source(plain)
    return 2


def fused_and_plain(space: Space, seed: int) -> tuple[Net, Net]:
    """Of one state, in which nothing is at its start."""
    build = autorecon.generator if space.is_genotype else autorecon.supernet
    plain = build(space, seed=seed, fuse=False)
    stir(plain, seed)
    plain.double()
    fused = build(space, seed=seed).double()
    fused.load_state_dict(plain.state_dict())
    return fused, plain


@torch.no_grad()
def stir(net: nn.Module, seed: int) -> None:
    """Weights and statistics that are not 0 or 1, as many are before training."""
    random = torch.Generator().manual_seed(seed)
    for parameter in net.parameters():
        parameter += 0.3 * torch.randn(parameter.shape, generator=random)
    for name, buffer in net.named_buffers():
        if "running" in name:
            buffer += torch.rand(buffer.shape, generator=random)


def mixtures(space: Space, random: Random) -> Iterator[Sampled]:
    """All options of each decision, one, and two, as searches ask for."""
    sizes = {d.name: len(d.options) for d in space.decisions}
    yield {name: torch.softmax(_drawn(size, random), 0) for name, size in sizes.items()}
    valid = valid_ones(space)
    if valid is None:
        return
    one = dict(zip(sizes, valid.sample(random), strict=True))
    other = dict(zip(sizes, valid.sample(random), strict=True))
    yield {name: OneCandidate(pick, _drawn(1, random)[0]) for name, pick in one.items()}
    yield {
        name: SomeCandidates(tuple(sorted({one[name], other[name]})), _drawn(size, random))
        for name, size in sizes.items()
    }


def _drawn(size: int, random: Random) -> Tensor:
    return torch.tensor([random.uniform(0.2, 1) for _ in range(size)], dtype=torch.float64)


def check_pair(kind: str, fused: Net, plain: Net, sampled: Sampled) -> None:
    """Both nets compute the same, in training and, with the statistics of that, in evaluation."""
    state = {name: b.clone() for name, b in plain.named_buffers()}
    for training in (True, False):
        found = observed(fused, sampled, training)
        mode = "training" if training else "evaluation"
        alike(f"{kind}, {mode}", found, plain, sampled, training)
    for net in (fused, plain):
        net.load_state_dict(state, strict=False)


def check_plans(plain: Net, sampled: Sampled) -> int:
    """Every plan on the way is interpreted to the same."""
    mixture = edge_mixture(plain.space, sampled)
    try:
        return prove(plain, mixture, kept(mixture), training=True)
    except Differs:
        if ROUNDING * rounding(plain, sampled, True) <= TOLERANCE:
            raise
        return 0


def observed(net: nn.Module, sampled: Sampled, training: bool) -> Seen:
    """Images, all gradients and all buffers after one call."""
    net.train(training).zero_grad()
    random = torch.Generator().manual_seed(1)
    z = torch.randn(BATCH, net.latent, generator=random, dtype=torch.float64).requires_grad_()
    y = torch.randint(net.classes, (BATCH,), generator=random)
    own, tensors = leaves(sampled)
    images = net(z, y, edge_mixture(net.space, own)) if sampled else net(z, y)
    direction = torch.randn(images.shape, generator=random, dtype=torch.float64)
    (images * direction).sum().backward()
    seen = {"images": images.detach(), **{n: b.clone() for n, b in net.named_buffers()}}
    for name, leaf in {"z": z, **tensors, **dict(net.named_parameters())}.items():
        grad = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad.clone()
        seen[f"gradient to {name}"] = grad
    return seen


def alike(kind: str, found: Seen, plain: Net, sampled: Sampled, training: bool) -> None:
    """Raises Difference where what was seen is not what the plain net gives."""
    before = {name: b.clone() for name, b in plain.named_buffers()}
    expected = observed(plain, sampled, training)
    apart = distances(found, expected)
    if max(apart.values()) <= TOLERANCE:
        return
    after = {name: b.clone() for name, b in plain.named_buffers()}
    plain.load_state_dict(before, strict=False)
    least = ROUNDING * rounding(plain, sampled, training)
    # What follows looks at both nets after the same step.
    plain.load_state_dict(after, strict=False)
    # Images stand before statistics, and these before gradients.
    for name, far in apart.items():
        if not far <= max(least, TOLERANCE):
            raise Difference(f"{kind}: {_what(name)}", f"{name} by {far:.1e} ({least:.1e})")


def _what(name: str) -> str:
    if name == "images":
        return name
    return "gradients" if name.startswith("gradient to ") else "statistics"


def distances(found: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> dict[str, float]:
    """Of each tensor the largest difference, beside its largest value or 1."""
    holds("names of the state", found.keys() == expected.keys(), found.keys() ^ expected.keys())
    return {name: distance(found[name], value) for name, value in expected.items()}


def distance(found: Tensor, expected: Tensor) -> float:
    if found.shape != expected.shape:
        return float("inf")
    if expected.numel() == 0 or torch.equal(found, expected):
        return 0.0
    found, expected = (torch.nan_to_num(t.double(), nan=1e300) for t in (found, expected))
    return float((found - expected).abs().max() / expected.abs().max().clamp_min(1))


def rounding(plain: Net, sampled: Sampled, training: bool) -> float:
    """The largest difference where every module's result is rounded otherwise: some nets make much
    of it, such as a norm of what is the same everywhere."""
    before = {name: b.clone() for name, b in plain.named_buffers()}
    found = []
    for seed in range(3):
        expected = observed(plain, sampled, training)
        plain.load_state_dict(before, strict=False)
        handles = _jittered(plain, torch.Generator().manual_seed(seed))
        found += distances(observed(plain, sampled, training), expected).values()
        plain.load_state_dict(before, strict=False)
        for handle in handles:
            handle.remove()
    return max(found)


def _jittered(net: Net, random: torch.Generator) -> list[RemovableHandle]:
    def jitter(module: nn.Module, inputs: tuple, output: Tensor) -> Tensor:
        noise = torch.randn(output.shape, generator=random, dtype=output.dtype)
        return output * (1 + 4e-16 * noise) + 1e-17 * noise

    leaves = (module for module in net.modules() if not list(module.children()))
    return [module.register_forward_hook(jitter) for module in leaves]


@torch.no_grad()
def check_heir(space: Space, found: Space, picks: Picks, seed: int) -> None:
    """A generator with a super net's weights gives its images of that architecture."""
    net = autorecon.supernet(space, seed=seed)
    stir(net, seed)
    net.double()
    heir = autorecon.generator(found, weights_from=net).double().eval()
    ones = {
        d.name: OneCandidate(k, torch.ones((), dtype=torch.float64))
        for d, k in zip(space.decisions, picks, strict=True)
    }
    z, y = net.example_inputs(BATCH, torch.Generator().manual_seed(seed))
    expected = net.eval()(z.double(), y, edge_mixture(space, ones))
    apart = distance(heir(z.double(), y), expected)
    holds("images of an heir", apart <= 1e-6, apart)


def check_source(plain: Net) -> None:
    """Python source computes what the generator does, in training as well."""
    twin = loaded(source(plain), plain).double()
    for name in ("latent", "classes", "space"):
        setattr(twin, name, getattr(plain, name))
    twin.load_state_dict(plain.state_dict())
    state = {name: b.clone() for name, b in plain.named_buffers()}
    for training in (True, False):
        found = observed(twin, {}, training)
        alike("exported source", found, plain, {}, training)
    plain.load_state_dict(state, strict=False)
