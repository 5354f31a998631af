"""Small changes of architectures, for evolution.

Valid ones stay valid: noise reaches the image, and rules and limits hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.space import Space


def mutate(space: Space, picks: Picks, random: Random) -> Picks:
    """One other option at one decision, each valid change as likely as any other.

    Rules and limits may leave no way to change one decision alone: there a change that they forbid
    is made up for by a second one, at another decision. An architecture without a valid neighbour
    stays as it is.
    """
    for changed in _changes(space, picks, random):
        if space.liveness.is_valid(changed):
            return changed
        if space.restrictions and space.liveness.is_connected(changed):
            for again in _changes(space, changed, random):
                if _distance(again, picks) == 2 and space.liveness.is_valid(again):
                    return again
    return picks


def _changes(space: Space, picks: Picks, random: Random) -> Iterator[Picks]:
    """All that differ at one decision, in any order."""
    changes = [
        (place, option)
        for place, radix in enumerate(space.codec.radices)
        for option in range(radix)
        if option != picks[place]
    ]
    while changes:
        # Any change, and out of the list: the last takes its place.
        index = random.randrange(len(changes))
        changes[index], changes[-1] = changes[-1], changes[index]
        place, option = changes.pop()
        yield (*picks[:place], option, *picks[place + 1 :])


def _distance(first: Picks, second: Picks) -> int:
    return sum(a != b for a, b in zip(first, second, strict=True))


def crossover(space: Space, first: Picks, second: Picks, random: Random) -> Picks:
    """Each decision from either parent, by a fair coin.

    Where that is not valid, decisions go back to the first parent's, one after the other in any
    order, until it is. ArchitectureError when the first parent is not valid itself.
    """
    child = [random.choice(pair) for pair in zip(first, second, strict=True)]
    given_back = [place for place, pick in enumerate(first) if child[place] != pick]
    random.shuffle(given_back)
    while not space.liveness.is_valid(child):
        if not given_back:
            raise ArchitectureError("the first parent is no valid architecture")
        place = given_back.pop()
        child[place] = first[place]
    return tuple(child)
