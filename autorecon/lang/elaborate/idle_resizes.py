"""Resizes that do nothing, as one before them has gone to the target's sizes already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from autorecon.lang.program.candidates import Op, Placeholder


def is_open(op: Op) -> bool:
    """Whether it goes to the sizes of the target, whatever comes in."""
    return (op.traits.resize or op.traits.reshapes) and op.values[:1] == (None,)


def _moves(op: Op) -> bool:
    """Whether the resolution may be another after it."""
    return op.traits.moves and op.args.get("stride") != 1


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
            if isinstance(op, Placeholder) or _moves(op) or op.spec.is_own:
                first, origin = (op, index) if is_open(op) else (None, index)
                between = []
            elif op.args.get("out", op) is None:
                between.append(op)
    return None
