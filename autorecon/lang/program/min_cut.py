"""The fewest choices of `none` that cut the output from the noise, or from the label where there is
no noise: a minimum cut over the edges that offer `none` (Ford and Fulkerson, 1956)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any

from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.flow import label_reads, origin, reach
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.program import Program

MAX_STEPS = 5_000_000  # looks at an edge
MAX_COMBINATIONS = 10_000  # of what the edges of a cut depend on


def fewest_cuts(nodes: Mapping[str, Node], edges: Collection[Edge]) -> tuple[Edge, ...] | None:
    """Edges that offer `none`, as few as possible, without which no path leads from the noise to
    the output.

    None where there are none such, or where finding the fewest would take too long. Edges that can
    only be `none` are left out already.
    """
    possible = [edge for edge in edges if not edge.is_cut]
    noise = [node.name for node in nodes.values() if node.role == origin(nodes)]
    output = next(node.name for node in nodes.values() if node.role == "output")
    sure = ((e.source, e.target) for e in possible if e.none is None)
    if output in reach(noise, sure):
        return None
    flow = _Flow(possible)
    for _ in range(MAX_STEPS // (len(edges) + 1)):
        reached = flow.augment(noise, output)
        if output not in reached:
            return tuple(e for e in possible if e.source in reached and e.target not in reached)
    return None


_Arc = list[Any]  # target, what it can still take, the arc back


class _Flow:
    """A unit of flow on each edge that offers `none`, any number on the others."""

    def __init__(self, edges: Iterable[Edge]) -> None:
        self.arcs: dict[str, list[_Arc]] = {}
        for edge in edges:
            there: _Arc = [edge.target, float("inf") if edge.none is None else 1]
            back: _Arc = [edge.source, 0, there]
            there.append(back)
            self.arcs.setdefault(edge.source, []).append(there)
            self.arcs.setdefault(edge.target, []).append(back)

    def augment(self, sources: Sequence[str], output: str) -> dict[str, _Arc | None]:
        """Send one more unit if there is a way; the nodes reached, each with the arc that led
        there."""
        reached: dict[str, _Arc | None] = dict.fromkeys(sources)
        waiting = list(sources)
        for name in waiting:
            for arc in self.arcs.get(name, ()):
                if arc[1] and arc[0] not in reached:
                    reached[arc[0]] = arc
                    waiting.append(arc[0])
            if output in reached:
                break
        last = reached.get(output)
        while last is not None:
            last[1] -= 1
            last[2][1] += 1
            last = reached[last[2][0]]
        return reached


def counterexample(program: Program) -> tuple[str, ...]:
    """Lines of a genotype that cut the output from the noise, as few as possible, whatever rules
    say; empty where no architecture is cut, or where ties are too entangled to tell."""
    # A label that operations read has ways that are no paths.
    if origin(program.nodes) == "label" and label_reads(program.nodes, program.edges):
        return ()
    cut = fewest_cuts(program.nodes, program.edges) or ()
    axes = sorted({axis for edge in cut for axis in edge.axes}, key=[*program.decisions].index)
    decisions = [program.decisions[axis] for axis in axes]
    for picks in _combinations(decisions, cut):
        chosen = dict(zip(axes, picks, strict=True))
        if all(edge.candidates[program.candidate(edge, chosen)].is_none for edge in cut):
            return tuple(
                f"{d.text} = {d.options[i]}" for d, i in zip(decisions, picks, strict=True)
            )
    return ()


def _combinations(decisions: Sequence[Decision], cut: Sequence[Edge]) -> Iterable[tuple[int, ...]]:
    """Picks that may make all of a cut's edges `none`."""
    options: list[Sequence[int]] = [range(len(decision.options)) for decision in decisions]
    for index, decision in enumerate(decisions):
        for edge in cut:
            if edge.axes == (decision.name,):
                options[index] = [
                    i for i in options[index] if edge.candidates[edge.table[i]].is_none
                ]
    return islice(product(*options), MAX_COMBINATIONS)
