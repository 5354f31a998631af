"""An operation of the catalogue by itself: its steps with several arguments between several shapes,
and what the executor makes of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from autorecon.lang import Label, LabelInput, Op, Pipeline, Shape
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.shapes import ShapeFault
from autorecon.lang.operations.spec import Param
from autorecon.lang.program.candidates import Step
from autorecon.lowering.plan import Apply, Place, Plan
from autorecon.nn.builders import build_op
from autorecon.nn.executor import Run
from autorecon.nn.mixture import Scalars

SOURCES = [(8,), (8, 2, 4), (8, 3, 3), Label(5)]
PIXEL = (8, 1, 1)
TARGETS = [(8,), (8, 4, 8), (12, 6, 12), (8, 3, 5), (8, 2, 4), (4, 4, 4)]
LABEL = LabelInput("y", 3)
PLACE = Place("edge", 0, 0)


def steps(name: str, sources: Iterable[Shape] = SOURCES) -> list[Step]:
    """The operation, with each argument varied by itself, wherever it fits; at least once."""
    found: dict[tuple, Step] = {}
    for op, source, target in itertools.product(operations(name), sources, TARGETS):
        with suppress(ShapeFault):
            for step in Pipeline((op,)).between(source, target).steps:
                found[step.op, step.before, step.after] = step
    assert found
    return list(found.values())


def on_maps(name: str, *more: Shape) -> list[Step]:
    return steps(name, [*(shape for shape in SOURCES if len(shape) == 3), *more])


def operations(name: str) -> Iterator[Op]:
    params = CATALOGUE[name].params
    for values in itertools.product(*map(arguments, params)):
        pairs = zip(params, values, strict=True)
        if sum(not p.required and value != p.default for p, value in pairs) <= 1:
            yield Op(name, values)


def arguments(param: Param) -> list[Any]:
    if param.type is LabelInput:
        return [LABEL]
    if param.type is bool:
        return [True, False]
    if param.type is float:
        return [0.25 if param.required else param.default, 0.5]
    return [1, 2, 3, 4] if param.required else [*dict.fromkeys((param.default, 1, 2, 3))]


def made(step: Step, train: bool = True) -> nn.Module:
    """Its module with weights in which nothing is special."""
    torch.manual_seed(0)
    module = build_op(step).double().train(train)
    for parameter in module.parameters():
        nn.init.normal_(parameter)
    return module


def given(shape: Shape, batch: int = 3) -> Tensor:
    random = torch.Generator().manual_seed(1)
    if isinstance(shape, Label):
        return torch.randint(shape.classes, (batch,), generator=random)
    return torch.randn(batch, *shape, generator=random, dtype=torch.float64)


def plan(step: Step, x: Tensor, **how: Any) -> Plan:
    inputs = {"x": tuple(x.shape[1:]), "y": Label(LABEL.classes)}
    return Plan(inputs, (Apply("out", "x", step, PLACE, step.after, **how),), "out")


def run(step: Step, module: nn.Module, x: Tensor, **how: Any) -> Tensor:
    """What the executor makes of it."""
    return executed(plan(step, x, **how), module, x)


def executed(plan: Plan, module: nn.Module, x: Tensor) -> Tensor:
    labels = torch.arange(len(x)) % LABEL.classes
    return Run({PLACE: module}, Scalars({}), {"x": x, "y": labels})(plan)


def gradients(out: Tensor, x: Tensor, module: nn.Module) -> list[Tensor]:
    """Of a random direction, to the input and the weights."""
    direction = torch.randn(out.shape, generator=torch.Generator().manual_seed(2)).double()
    wanted = [t for t in (x, *module.parameters()) if t.requires_grad]
    return list(torch.autograd.grad(out, wanted, direction, allow_unused=True))


def keeping(step: Step, module: nn.Module, x: Tensor) -> tuple[Tensor, list[int]]:
    """What it makes of x in its place, and where in memory the tensors lie that backward needs."""
    kept: list[int] = []

    def pack(saved: Tensor) -> Tensor:
        kept.append(saved.data_ptr())
        return saved

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        return run(step, module, x, in_place=True), kept


def repeated(x: Tensor, down: int, right: int) -> Tensor:
    return x.repeat_interleave(down, 2).repeat_interleave(right, 3)
