"""Small changes of architectures, for evolution. Valid ones stay valid: noise reaches the image."""

from __future__ import annotations

from random import Random

from autorecon.graph.encode import ArchitectureError, Picks
from autorecon.graph.space import Space


def mutate(space: Space, picks: Picks, random: Random) -> Picks:
    """One other option at one decision, each valid change as likely as any other.

    An architecture without a valid neighbour stays as it is.
    """
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
        changed = (*picks[:place], option, *picks[place + 1 :])
        if space.liveness.is_valid(changed):
            return changed
    return picks


def crossover(space: Space, first: Picks, second: Picks, random: Random) -> Picks:
    """Each decision from either parent, by a fair coin.

    Where that cuts the image from the noise, decisions go back to the first parent's, one after the
    other in any order, until it does not. ArchitectureError when the first parent is cut itself.
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
