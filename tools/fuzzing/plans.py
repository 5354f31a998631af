"""Proves the passes on a net: after each of them the plan is valid and is interpreted to the same
images, gradients and running statistics; and what the executor makes of it is the same once more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from autorecon.lowering import PASSES, Kept, Plan, check_plan, lower
from autorecon.nn.executor import Run
from autorecon.nn.mixture import Mixture, OneCandidate, Scalars, SomeCandidates, Weights
from autorecon.nn.net import SpaceNet
from fuzzing.interpreter import Interpreter

TOLERANCE = 1e-9  # of float64, beside values of the size of 1
BATCH = 3

Observed = dict[str, Tensor]


class Differs(AssertionError):
    """Two ways to compute one thing do not agree."""


def prove(net: SpaceNet, mixture: Mixture, kept: Kept, training: bool) -> int:
    """How many plans were compared; Differs, or ValueError of `check_plan`, for a wrong one.

    `net` is of float64; its buffers are left as they were.
    """
    net.train(training)
    before = {name: value.clone() for name, value in net.named_buffers()}
    inputs = _inputs(net)
    plan = lower(net.space, kept)
    check_plan(plan)
    expected = _observed(net, mixture, inputs, _interpreted(net, plan))
    plans = 1
    for change in PASSES:
        before_it, plan = plan, change(plan)
        if plan.steps == before_it.steps and plan.output == before_it.output:
            continue
        plans += 1
        check_plan(plan)
        _compare(expected, _observed(net, mixture, inputs, _interpreted(net, plan)), change.name)
    _compare(expected, _observed(net, mixture, inputs, _executed(net, plan)), "executor")
    for name, value in net.named_buffers():
        value.copy_(before[name])
    return plans


# Images, and all buffers afterwards.
_Way = Callable[[dict[str, Tensor], Mixture], tuple[Tensor, Observed]]


def _interpreted(net: SpaceNet, plan: Plan) -> _Way:
    def way(values: dict[str, Tensor], mixture: Mixture) -> tuple[Tensor, Observed]:
        run = Interpreter(net._places, Scalars(mixture).__getitem__)
        images = run(plan, values)
        names = net.layer_names
        moved = {_buffer(names[p], net._places[p], n): v for (p, n), v in run.moved.items()}
        return images, dict(net.named_buffers()) | moved

    return way


def _executed(net: SpaceNet, plan: Plan) -> _Way:
    def way(values: dict[str, Tensor], mixture: Mixture) -> tuple[Tensor, Observed]:
        images = Run(net._places, Scalars(mixture), dict(values))(plan)
        return images, dict(net.named_buffers())

    return way


def _buffer(layer: str, module: nn.Module, name: str) -> str:
    within, dot, last = name.rpartition(".")
    if last in ("u", "v"):
        return f"{layer}.{within}{dot}parametrizations.weight.0._{last}"
    return f"{layer}.bn.{name}" if hasattr(module, "gamma") else f"{layer}.{name}"


def _inputs(net: SpaceNet) -> dict[str, Tensor]:
    z, y = net.example_inputs(BATCH, torch.Generator().manual_seed(1))
    return net._inputs(z.double(), y)


def leaves(mixture: Mixture) -> tuple[Mixture, Mapping[str, Tensor]]:
    """The mixture with tensors that take gradients, and these."""
    tensors, own = {}, {}
    for name, given in mixture.items():
        tensors[name] = leaf = _tensor(given).detach().clone().requires_grad_()
        if isinstance(given, OneCandidate):
            own[name] = OneCandidate(given.index, leaf)
        elif isinstance(given, SomeCandidates):
            own[name] = SomeCandidates(given.indices, leaf)
        else:
            own[name] = leaf
    return own, tensors


def _tensor(weights: Weights) -> Tensor:
    if isinstance(weights, Tensor):
        return weights
    return weights.weight if isinstance(weights, OneCandidate) else weights.weights


def _observed(net: SpaceNet, mixture: Mixture, inputs: Mapping[str, Tensor], way: _Way) -> Observed:
    """Images, gradients to noise, weights and mixture of a random direction, buffers."""
    net.zero_grad()
    own, weights = leaves(mixture)
    values = {
        n: v.detach().clone().requires_grad_() if v.is_floating_point() else v
        for n, v in inputs.items()
    }
    start = {name: value.clone() for name, value in net.named_buffers()}
    images, moved = way(values, own)
    moved = {name: value.clone() for name, value in moved.items()}
    direction = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    (images * direction.to(images)).sum().backward()
    for name, value in net.named_buffers():
        value.copy_(start[name])
    ends = {f"input {n}": v for n, v in values.items() if v.is_floating_point()}
    ends |= {f"mixture {n}": v for n, v in weights.items()} | dict(net.named_parameters())
    gradients = {
        f"gradient of {n}": torch.zeros_like(v) if v.grad is None else v.grad.clone()
        for n, v in ends.items()
    }
    return {"images": images.detach()} | gradients | {f"buffer {n}": v for n, v in moved.items()}


def _compare(expected: Observed, found: Observed, where: str) -> None:
    if missing := expected.keys() ^ found.keys():
        raise Differs(f"{where}: {min(missing)} is there for one and not for the other")
    for name, value in expected.items():
        scale = 1 + float(value.abs().max()) if value.numel() else 1.0
        error = float((found[name] - value).abs().max()) if value.numel() else 0.0
        if not error <= TOLERANCE * scale:
            raise Differs(f"{where}: {name} differs by {error:.2g} of {scale:.2g}")
