"""What a choice of candidates makes of a node, and what an edge allows between two such nodes.

The derived generator of an architecture holds what is LIVE: edges other than `none` on a path from
an input to the output, and the nodes on such paths. A node is

    unreached  when every edge from a reached node is `none`;
    dead       when it is reached, but what is not `none` leads to dead nodes only;
    live       when an edge from a live node and an edge to a live node are not `none`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache

from autorecon.lang import Edge, Program
from autorecon.lang.program.flow import label_reads, reach

# A status has three bits: its kind, and whether such an edge in, an edge out has been found.
UNREACHED, DEAD, LIVE = 0, 2, 4
IN, OUT = 1, 2

# Which candidates a transition takes: LIVE_ONES are all but `none` on a live edge, OTHERS all but
# `none` on one that is not live.
NONE, LIVE_ONES, OTHERS, ANY = "none", "live", "others", "any"


def initial_statuses(
    program: Program, every: bool = True, lacks_none: Callable[[Edge], bool] | None = None
) -> dict[str, tuple[int, ...]]:
    """The statuses that each node can have before any of its edges is decided.

    What edges without `none` settle for every architecture is settled here, which keeps spaces with
    few choices small: a genotype has one status a node. Without `every`, a node that is not live
    need not say whether it is reached, unless an edge without `none` carries that on; `lacks_none`
    says which edges may be such.
    """
    inputs = {node.name for node in program.inputs}
    output = {program.output.name}
    forced = [e for e in program.edges if e.none is None]
    possible = [e for e in program.edges if not e.is_cut]
    always_reached, reachable = _reached(inputs, forced), _reached(inputs, possible)
    always_needed, needable = _needed(output, forced), _needed(output, possible)
    always_live = output | _always_live(program)
    can_live, can_be_dead = reachable & needable, reachable - always_needed
    carries = (
        {edge.source for edge in filter(lacks_none, program.edges)}
        if lacks_none
        else {edge.source for edge in forced}
    )

    def statuses(name: str) -> Iterator[int]:
        found_in = IN * (name in always_reached)
        if name in can_live:
            yield LIVE | found_in | OUT * (name in always_needed)
        if name in always_live:
            return
        if not every and name not in carries:
            yield DEAD | IN
            return
        if name in can_be_dead:
            yield DEAD | found_in
        if name not in always_reached:
            yield UNREACHED

    return {name: tuple(statuses(name)) for name in program.nodes}


def _always_live(program: Program) -> set[str]:
    """Inputs without which an architecture does not count."""
    found: set[str] = set()
    for role in program.required:
        alike = {node.name for node in program.inputs if node.role == role}
        # Where norms read a label, no path need lead from any.
        read = role == "label" and label_reads(program.nodes, program.edges)
        if len(alike) == 1 and not read:
            found |= alike
    return found


def _reached(start: set[str], edges: Iterable[Edge]) -> set[str]:
    return reach(start, ((e.source, e.target) for e in edges))


def _needed(start: set[str], edges: Iterable[Edge]) -> set[str]:
    return reach(start, ((e.target, e.source) for e in edges))


def kind(status: int) -> int:
    return LIVE if status >= LIVE else status & DEAD


NEEDED = {LIVE: IN | OUT, DEAD: IN, UNREACHED: 0}


def settled(status: int, bits: int) -> bool:
    """Whether a node needs no more edges of the directions `bits` to be what it is said to be."""
    return not NEEDED[kind(status)] & bits & ~status


def variety(initial: Iterable[int], undecided: int = IN | OUT) -> int:
    """How many statuses a node that started with one of these can have.

    `undecided` are the directions in which it has edges that are not decided.
    """
    return sum(2 ** (NEEDED[kind(s)] & undecided & ~s).bit_count() for s in initial)


@cache
def transitions(
    none: bool, others: bool, source: int, target: int, every: bool
) -> tuple[tuple[int, int, str], ...]:
    """What an edge's candidates, `none` and others, make of its ends' statuses: both afterwards,
    and which ones do.

    With `every`, every candidate is a choice. Without, an edge that is not live is decided in one
    way only, `none` where it offers that: enough, because fewer edges never make more live.
    """
    kinds = kind(source), kind(target)
    if kinds[0] == UNREACHED:
        return ((source, target, ANY),)
    found = [(source, target, NONE)] * none
    if kinds == (LIVE, LIVE) and others:
        found.append((source | OUT, target | IN, LIVE_ONES))
    elif kinds[1] == DEAD and others and (every or not none):
        found.append((source, target | IN, OTHERS))
    return tuple(found)
