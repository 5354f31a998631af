"""An architecture within the rules for a generator: rules look at what is not live as well."""

from __future__ import annotations

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.architectures.liveness import liveness
from autorecon.graph.valid.best import Scores, best

_NEVER = -(1 << 40)  # more than all that is not live can make up for


def completed(space: Architectures, picks: Picks) -> Picks:
    """The picks where they are valid; else others with the same live part, the same ones for all.

    What is not live is as `Liveness.canonical` has it wherever that can be. ArchitectureError where
    the rules forbid this generator, or the space is too entangled to tell.
    """
    if liveness(space).is_valid(picks):
        return picks
    # The live part alone decides what it costs.
    ruled = Architectures(attrs.evolve(space.program, limits=()))
    found = best(ruled, _alike(ruled, picks))
    if found is None or liveness(space).canonical(found) != liveness(space).canonical(picks):
        message = f"no architecture of {space.name} within its rules was found for this generator"
        raise ArchitectureError(message)
    return found


def _alike(space: Architectures, picks: Picks) -> Scores:
    """Best are those with this live part and, among them, what differs least beside it."""
    canonical = dict(zip(space.program.decisions, liveness(space).canonical(picks), strict=True))
    live = {space.edges[index].name for index in liveness(space).live_part(picks)}
    on, off = {}, {}
    for edge in space.edges:
        wanted, kept = space.program.candidate(edge, canonical), edge.name in live
        places = range(len(edge.candidates))
        on[edge.name] = [0 if kept and i == wanted else _NEVER for i in places]
        off[edge.name] = [_NEVER if kept else 0 for _ in places]
    same = {
        d.name: [0 if i == canonical[d.name] else -1 for i in range(len(d.options))]
        for d in space.decisions
    }
    return Scores(lambda other: _agreement(space, picks, other), {}, on, off, same)


def _agreement(space: Architectures, picks: Picks, other: Picks) -> int:
    wanted, found = liveness(space).canonical(picks), liveness(space).canonical(other)
    same = sum(a == b for a, b in zip(wanted, other, strict=True))
    return same + (0 if wanted == found else _NEVER)
