"""Whether some architecture within the rules leaves a node without input: an exact search.

It walks back from a node and makes edges `none`, one way after the other, then looks whether what
is left can be decided so that every rule is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from autorecon.lang.check.tally import Entangled, Picks, Tally
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import reach, topological_order
from autorecon.lang.program.program import Program

# Decisions; or that an edge's source gets nothing.
_Step = tuple[Picks, str | None]


@attrs.frozen
class Missing:
    """Edges that are `none` by these options."""

    cuts: tuple[Edge, ...]
    picks: Mapping[str, int]


@attrs.define
class Absence:
    """`present` are nodes that every architecture gives something."""

    order: list[str]
    into: Mapping[str, list[Edge]]
    present: set[str]
    tally: Tally

    @classmethod
    def of(cls, program: Elaboration | Program, present: Collection[str]) -> Absence:
        into: dict[str, list[Edge]] = defaultdict(list)
        for edge in program.edges:
            into[edge.target].append(edge)
        tally = Tally.of(program.decisions, program.rules, program.edges)
        order = topological_order(program.nodes, program.edges)
        return cls(order, into, set(present), tally)

    def prove(self, names: Iterable[str]) -> None:
        """Find out which of these are present, those before them first."""
        back = ((e.target, e.source) for edges in self.into.values() for e in edges)
        open_ = ((target, source) for target, source in back if target not in self.present)
        needed = reach([name for name in names if name not in self.present], open_)
        for name in self.order:
            if name in needed and not self._may_miss(self.into[name]):
                self.present.add(name)

    def _may_miss(self, edges: Iterable[Edge]) -> bool:
        try:
            return self.missing(edges) is not None
        except Entangled:
            return True

    def missing(self, edges: Iterable[Edge]) -> Missing | None:
        """How none of these edges brings anything; Entangled where that is too long in coming."""
        self.tally.restart()
        walk = _Walk(self, [*edges])
        stack = [(walk.mark, walk.steps())]
        while stack:
            mark, steps = stack[-1]
            walk.take_back(mark)
            step = next(steps, None)
            if step is None:
                stack.pop()
            elif walk.take(step):
                if walk.is_over:
                    return walk.found
                stack.append((walk.mark, walk.steps()))
        return None


@attrs.define
class _Walk:
    """`cut` are edges that bring nothing, of which `done` are seen to: they are `none`, or their
    sources are `behind`, with all that leads into these cut as well."""

    around: Absence
    cut: list[Edge]
    behind: set[str] = attrs.field(factory=set)
    done: int = 0

    @property
    def mark(self) -> tuple[int, int, int]:
        return self.done, len(self.cut), self.around.tally.mark

    def take_back(self, mark: tuple[int, int, int]) -> None:
        self.done, length, decided = mark
        self.behind.difference_update([edge.target for edge in self.cut[length:]])
        del self.cut[length:]
        self.around.tally.take_back(decided)

    @property
    def is_over(self) -> bool:
        return self.done >= len(self.cut) and self.around.tally.entangled() is None

    @property
    def found(self) -> Missing:
        cuts = tuple(edge for edge in self.cut if edge.source not in self.behind)
        return Missing(cuts, dict(self.around.tally.picks))

    def steps(self) -> Iterator[_Step]:
        """What can be tried for the next edge, or after all of them for the rules."""
        tally = self.around.tally
        if self.done < len(self.cut):
            edge = self.cut[self.done]
            if edge.source not in self.around.present:
                yield (), edge.source
            if edge.source not in self.behind:
                none = [k for k, candidate in enumerate(edge.candidates) if candidate.is_none]
                yield from ((picks, None) for picks in tally.ways(edge, none))
        elif axis := tally.entangled():
            yield from ((((axis, option),), None) for option in tally.options(axis))

    def take(self, step: _Step) -> bool:
        """Whether the rules can still be kept."""
        picks, source = step
        self.done += 1
        if source and source not in self.behind:
            self.behind.add(source)
            self.cut += self.around.into[source]
        return all(self.around.tally.make(*pick) for pick in picks)
