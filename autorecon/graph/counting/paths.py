"""How many ways lead through a space, and how long they are."""

from __future__ import annotations

import attrs

from autorecon.lang import Program
from autorecon.lang.program.flow import live_nodes, topological_order


@attrs.frozen
class Paths:
    """Paths from inputs to the output over edges that can be other than `none`; `shortest` and
    `longest` count their edges."""

    count: int
    shortest: int
    longest: int


class CutOff(ValueError):
    """Nothing leads to the output, whatever is chosen: there is nothing to count or to measure."""

    exit_code = 2


def require_path(program: Program) -> None:
    """Raise CutOff unless some edge that can be other than `none` leads on to the output."""
    edges = [edge for edge in program.edges if not edge.is_cut]
    if program.output.name not in live_nodes(program.nodes, edges):
        raise CutOff(f"nothing leads from an input of {program.name} to its output")


def paths(program: Program) -> Paths:
    """Of all architectures together. Raises CutOff where there are none."""
    require_path(program)
    edges = [edge for edge in program.edges if not edge.is_cut]
    live = live_nodes(program.nodes, edges)
    onward: dict[str, list[str]] = {name: [] for name in live}
    for edge in edges:
        if edge.source in live and edge.target in live:
            onward[edge.source].append(edge.target)
    found = {program.output.name: Paths(1, 0, 0)}
    for name in reversed(topological_order(program.nodes, program.edges)):
        if onward.get(name):
            found[name] = _either([found[target] for target in onward[name]], step=1)
    # A label that only conditional norms read is live without a path.
    return _either([found[n.name] for n in program.inputs if n.name in found], step=0)


def _either(ways: list[Paths], step: int) -> Paths:
    return Paths(
        sum(way.count for way in ways),
        step + min(way.shortest for way in ways),
        step + max(way.longest for way in ways),
    )
