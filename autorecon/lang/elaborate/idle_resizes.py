"""What can be used, but surely computes something else than was meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.operations.shapes import Shape, elements, show_shape
from autorecon.lang.operations.spec import Args
from autorecon.lang.program.program import Op, Pipeline, Placeholder
from autorecon.lang.source import Span


@attrs.frozen
class Use:
    """A typed pipeline, and where it is used."""

    pipeline: Pipeline
    span: Span | None


def is_open(op: Op) -> bool:
    """Whether it goes to the sizes of the target, whatever comes in."""
    return (op.traits.resize or op.traits.reshapes) and op.values[:1] == (None,)


@attrs.frozen
class Idle:
    """A resize, in the part of this index, to where `first` in a part before it has gone already.

    `between` are convolutions that are left open.
    """

    part: int
    resize: Op
    first: Op
    between: tuple[Op, ...]


def idle_resize(parts: Iterable[Sequence[Op]], first: Op | None = None) -> Idle | None:
    """The first resize that does nothing; `first` has gone to the target's sizes before all."""
    origin, between = -1, list[Op]()
    for index, part in enumerate(parts):
        for op in part:
            if first and origin < index and op.traits.resize and is_open(op):
                return Idle(index, op, first, tuple(between))
            # Of a user's own operation, or what a choice may be, nothing is known.
            if op.traits.moves or isinstance(op, Placeholder) or op.spec.is_own:
                first, origin = (op, index) if is_open(op) else (None, index)
                between = []
            elif op.args.get("out", op) is None:
                between.append(op)
    return None


def check_uses(uses: Iterable[Use], faults: Diagnostics) -> None:
    """Warns of what only shapes tell."""
    far: dict[Op, tuple[Shape, Span | None]] = {}
    near = set()  # somewhere else, if far here
    for use in uses:
        _matrices(use, faults)
        for step in use.pipeline.steps:
            if "dilation" not in step.op.args:
                continue
            if _is_far(step.op.args, step.before):
                far.setdefault(step.op, (step.before, use.span))
            else:
                near.add(step.op)
    for op, place in far.items():
        if op not in near:
            _report_far(op, *place, faults)


def _is_far(args: Args, maps: Shape) -> bool:
    """Whether all of a dilated kernel but its centre lies outside of maps of this shape."""
    return args["kernel"] > 1 < args["dilation"] >= max(maps[1:])


def _matrices(use: Use, faults: Diagnostics) -> None:
    """A `linear` from the target's maps to themselves, after an operation that was left open."""
    first = None
    for op, source, out in ((s.op, s.before, s.after) for s in use.pipeline.steps):
        if not op.traits.reshapes or not is_open(op):
            continue
        if first and len(source) == len(out) == 3:
            message = (
                f"`{op.text}` is a matrix of {elements(out):,} x {elements(source):,}: "
                f"`{first.text}` before it makes the target's shape already"
            )
            width = min(256, elements(out) // 4)
            help = f"give that a width, as in `{first.name}({width})`, or put a node between"
            faults.report("W0403", message, use.span, help, use.pipeline.text)
        first = first or op


def _report_far(op: Op, shape: Shape, span: Span | None, faults: Diagnostics) -> None:
    message = (
        f"`{op.text}` reaches beyond maps of {show_shape(shape[1:])}: but for its centre, its "
        "kernel meets nothing but zeros"
    )
    help = (
        f"the argument after `kernel` is `dilation`; output channels are the target's, "
        f"or `{op.name}({op.args['kernel']}, out={op.args['dilation']})`"
    )
    faults.report("W0301", message, span, help, op.text)
