"""What a strategy draws: weights of each decision's options, or one option each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch

from autorecon.graph import Space
from autorecon.graph.architectures.codec import Picks
from autorecon.nn import OneCandidate, Sampled
from autorecon.search.config import SearchError

MAX_DRAWS = 1_000

Draw = TypeVar("Draw")


def one_path(space: Space, picks: Picks) -> Sampled:
    """What computes one architecture and nothing else."""
    one = torch.ones(())
    names = (decision.name for decision in space.decisions)
    return {name: OneCandidate(pick, one) for name, pick in zip(names, picks, strict=True)}


def draw_valid(
    space: Space, draw: Callable[[], Draw], indices: Callable[[Draw], Mapping[str, int]]
) -> Draw:
    """The first sample whose architecture is valid; SearchError if it is long in coming."""
    for _ in range(MAX_DRAWS):
        drawn = draw()
        index = indices(drawn)
        if space.liveness.is_valid([index[decision.name] for decision in space.decisions]):
            return drawn
    raise SearchError(
        f"of {MAX_DRAWS:,} architectures drawn from {space.name}, none is valid: use a strategy "
        "that mixes all candidates"
    )
