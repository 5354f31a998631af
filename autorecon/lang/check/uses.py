"""What can be used, but surely computes something else than was meant."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.idle_resizes import is_open
from autorecon.lang.operations.shapes import Shape, elements, show_shape
from autorecon.lang.operations.spec import Args
from autorecon.lang.program.candidates import Op, Pipeline
from autorecon.lang.source import Span


@attrs.frozen
class Use:
    """A typed pipeline, and where it is used."""

    pipeline: Pipeline
    span: Span | None


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
    if any(d.code == "W0302" and d.label == op.text for d in faults.found):
        return  # the same cause
    message = (
        f"`{op.text}` reaches beyond maps of {show_shape(shape[1:])}: but for its centre, its "
        "kernel meets nothing but zeros"
    )
    help = "make the dilation smaller than the maps"
    faults.report("W0301", message, span, help, op.text)
