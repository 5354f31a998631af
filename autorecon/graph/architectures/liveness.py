"""One form for all architectures of the same generator: what is not live is put out of the way."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import places
from autorecon.graph.architectures.restrictions import Restrictions
from autorecon.graph.architectures.symmetry import reorderings
from autorecon.lang.program.flow import label_reads
from autorecon.lang.program.ties import absences, combinations, tied_decisions

# An edge as numbers: its ends, the place of its candidate in the picks (-1: there is no choice),
# and the index that is `none` (-1: it offers none).
_Wire = tuple[int, int, int, int]

# What is live: of each edge, by its place in the order of the space, the candidate.
LivePart = Mapping[int, int]


class Liveness:
    """What is live in the architectures of one space, built once and asked many times."""

    def __init__(self, space: Architectures) -> None:
        self._space = space
        self._place = places(space)
        # Behind the picks stand the candidates of edges that do not simply choose one.
        tied = set(tied_decisions(space.program))
        self._alone = {
            e.name: e.decision for e in space.choices if e.decision and e.decision not in tied
        }
        self._derived = [e for e in space.choices if e.name not in self._alone]
        place = {name: self._place[decision] for name, decision in self._alone.items()}
        place |= {e.name: len(self._place) + i for i, e in enumerate(self._derived)}
        self._places = [place.get(edge.name, -1) for edge in space.edges]
        number = {name: index for index, name in enumerate(space.order)}
        self._ends = [(number[edge.source], number[edge.target]) for edge in space.edges]
        wires: list[_Wire] = [
            (*ends, place, -1 if edge.none is None else edge.none)
            for edge, ends, place in zip(space.edges, self._ends, self._places, strict=True)
            if not edge.is_cut
        ]
        self._wires = sorted(wires, key=lambda wire: wire[0])
        self._nodes = len(number)
        inputs = space.program.inputs
        self._inputs = [number[n.name] for n in inputs]
        self._required = {
            role: [number[n.name] for n in inputs if n.role == role]
            for role in space.program.required
        }
        self._output = number[space.output.name]
        self._reads = bool(label_reads(space.nodes, space.edges))
        self.restrictions = Restrictions(space, self)
        self._is_restricted = bool(space.program.rules or space.program.limits)

    def is_valid(self, picks: Sequence[int]) -> bool:
        """Whether what is required leads to the output, and all rules and limits hold."""
        if not self.is_connected(picks):
            return False
        return not self._is_restricted or self.restrictions.obeyed(picks)

    def is_connected(self, picks: Sequence[int]) -> bool:
        """Whether an input of each required role leads to the output: as a rule, of the noise."""
        chosen = self._chosen(picks)
        return all(
            self._leads(inputs, chosen) or (role == "label" and self._is_read(picks))
            for role, inputs in self._required.items()
        )

    def lacking(self, picks: Sequence[int]) -> float:
        """How many edges that are `none` are in the way of that; 0 just where nothing is."""
        chosen = self._chosen(picks)
        return sum(
            0 if role == "label" and self._is_read(picks) else self._in_the_way(inputs, chosen)
            for role, inputs in self._required.items()
        )

    def _leads(self, inputs: Iterable[int], chosen: Sequence[int]) -> bool:
        reached = bytearray(self._nodes)
        for index in inputs:
            reached[index] = 1
        for source, target, place, none in self._wires:
            if reached[source] and (none < 0 or chosen[place] != none):
                reached[target] = 1
        return bool(reached[self._output])

    def _in_the_way(self, inputs: Iterable[int], chosen: Sequence[int]) -> float:
        fewest = [math.inf] * self._nodes
        for index in inputs:
            fewest[index] = 0
        for source, target, place, none in self._wires:
            here = fewest[source] + (none >= 0 and chosen[place] == none)
            fewest[target] = min(fewest[target], here)
        # A label that only norms read is in nobody's way, and no path leads from it.
        return min(fewest[self._output], self._nodes)

    def _is_read(self, picks: Sequence[int]) -> bool:
        """Whether a live operation names a label."""
        if not self._reads:
            return False
        part = self.live_part(picks)
        edges, nodes = self._space.edges, self._space.nodes
        ends = {end for index in part for end in (edges[index].source, edges[index].target)}
        live = [edges[index].candidates[candidate] for index, candidate in part.items()]
        return any(p.labels for p in [*live, *filter(None, (nodes[end].then for end in ends))])

    def canonical(self, picks: Sequence[int]) -> Picks:
        """The picks with every decision that no live edge shows at `none`, else its first option.

        Architectures with the same generator have the same canonical picks, and no others have.
        """
        if self._derived:
            return self.tied_canonical(self.live_part(picks))
        there = [w for w in self._wires if w[3] < 0 or picks[w[2]] != w[3]]
        reached, needed = self._reached(there)
        dead = dict.fromkeys(range(len(picks)), 0)
        dead.update((place, none) for _, _, place, none in self._wires if none >= 0)
        for source, target, place, _ in there:
            if place >= 0 and reached[source] and needed[target]:
                dead[place] = picks[place]
        return tuple(dead.values())

    def live_part(self, picks: Sequence[int]) -> dict[int, int]:
        """The candidates of the live edges."""
        chosen = self._chosen(picks)
        there = [w for w in self._wires if w[3] < 0 or chosen[w[2]] != w[3]]
        reached, needed = self._reached(there)
        part = {}
        for index, (source, target) in enumerate(self._ends):
            place, edge = self._places[index], self._space.edges[index]
            candidate = chosen[place] if place >= 0 else 0
            if reached[source] and needed[target] and not edge.candidates[candidate].is_none:
                part[index] = candidate
        return part

    def tied_canonical(self, part: LivePart) -> Picks:
        """The first picks, by decisions in their order, that have just this live part: options that
        leave out more edges go before others."""
        options = self._left(part)
        for picks in product(*options):
            if self.live_part(picks) == part:
                return picks
        raise ValueError("no architecture has this live part")

    def _left(self, part: LivePart) -> list[list[int]]:
        """Of each decision, the options that the live edges leave, in the order of preference."""
        program = self._space.program
        absent, alone = absences(program), set(self._alone.values())
        left = {d.name: set(range(len(d.options))) for d in self._space.decisions}
        for index, candidate in part.items():
            edge = self._space.edges[index]
            made = [picks for picks, found in combinations(edge, program) if found == candidate]
            for place, axis in enumerate(edge.axes):
                left[axis] &= {picks[place] for picks in made}
        found = []
        for name, some in left.items():
            ordered = [o for _, o in sorted((-absent[name, option], option) for option in some)]
            # An edge by itself that is not live is best not there.
            found.append(ordered[:1] if name in alone else ordered)
        return found

    def candidates(self, picks: Sequence[int]) -> list[int]:
        """Those of all edges, live or not."""
        chosen = self._chosen(picks)
        return [chosen[place] if place >= 0 else 0 for place in self._places]

    def _chosen(self, picks: Sequence[int]) -> Sequence[int]:
        if not self._derived:
            return picks
        named = dict(zip(self._place, picks, strict=True))
        return (*picks, *(self._space.program.candidate(e, named) for e in self._derived))

    def _reached(self, there: Sequence[_Wire]) -> tuple[bytearray, bytearray]:
        """Which nodes some input reaches, and which lead to the output."""
        reached, needed = bytearray(self._nodes), bytearray(self._nodes)
        needed[self._output] = 1
        for index in self._inputs:
            reached[index] = 1
        for source, target, _, _ in there:
            reached[target] |= reached[source]
        for source, target, _, _ in reversed(there):
            needed[source] |= needed[target]
        return reached, needed


@once
def liveness(space: Architectures) -> Liveness:
    """What is live in an architecture, fast."""
    return Liveness(space)


def restrictions(space: Architectures) -> Restrictions | None:
    """Its rules and limits, to be asked of picks; None where nothing is restricted."""
    return liveness(space).restrictions if space.program.is_restricted else None


def canonical_picks(space: Architectures, picks: Picks, *, up_to_symmetry: bool = True) -> Picks:
    """The canonical picks, or the least of those that the space's symmetries make of them.

    Raises TooSymmetric where the symmetries cannot be listed.
    """
    canonical = liveness(space).canonical(picks)
    if not up_to_symmetry:
        return canonical
    forms = {tuple(canonical[i] for i in taken) for taken in reorderings(space)}
    # What is tied may be free to choose otherwise for another's decisions.
    return min(map(liveness(space).canonical, forms)) if space.is_tied else min(forms)
