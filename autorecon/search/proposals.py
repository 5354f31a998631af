"""Several architectures of one search, for what tells them apart better than the super net can."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

import torch

from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import options, picks_by_name
from autorecon.search.config import SearchConfig
from autorecon.search.derivation import DRAWING, drawn
from autorecon.search.strategies import Strategy
from autorecon.search.strategies.gradient import GradientStrategy

# Draws for each architecture that is asked for, past which there are few different ones.
_TRIES = 50


def propose(
    strategy: Strategy, config: SearchConfig, first: Mapping[str, str], count: int
) -> list[dict[str, str]]:
    """At most `count` choices that make different generators, `first` the first of them.

    The others are drawn by the learnt probabilities, or are the best of those compared: those
    on a front, or else all that were kept, the best total first.
    """
    space = strategy.space
    more = (
        _drawn(strategy, config, count)
        if isinstance(strategy, GradientStrategy)
        else _compared(strategy)
    )
    found: dict[Picks, Picks] = {}
    for picks in chain([picks_by_name(space, first)], more):
        found.setdefault(space.liveness.canonical(picks), picks)
        if len(found) == count:
            break
    return [options(space, picks) for picks in found.values()]


def _drawn(strategy: GradientStrategy, config: SearchConfig, count: int) -> Iterator[Picks]:
    random = torch.Generator().manual_seed(config.seed ^ DRAWING)
    return (drawn(strategy, random) for _ in range(_TRIES * count))


def _compared(strategy: Strategy) -> Iterator[Picks]:
    members = strategy.front() or strategy.compared()
    return (member.picks for member in sorted(members, key=lambda member: member.total))
