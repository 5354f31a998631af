"""What a path of a diagram picks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from autorecon.graph.counting.diagram_steps import Owner
from autorecon.lang import Decision, Edge, Program
from autorecon.lang.program.ties import combinations, tied_decisions

# Whose options they are, and which.
Options = Iterable[tuple[Owner, int]]


def reader(program: Program) -> Callable[[Options], dict[str, int]]:
    """Makes of the options that arcs of a diagram of `every` architecture take one for each
    decision; of one of live parts, those of what is live."""
    tied = set(tied_decisions(program))
    rows = {edge.name: _rows(edge, program, tied) for edge in program.edges}

    def read(options: Options) -> dict[str, int]:
        found: dict[str, int] = {}
        for owner, option in options:
            if isinstance(owner, Decision):
                found[owner.name] = option
            else:
                found |= rows[owner.name][option]
        return found

    return read


def _rows(edge: Edge, program: Program, tied: set[str]) -> list[dict[str, int]]:
    """By the rows of its table, what an edge picks that no other one depends on."""
    return [
        {axis: pick for axis, pick in zip(edge.axes, picks, strict=True) if axis not in tied}
        for picks, _ in combinations(edge, program)
    ]
