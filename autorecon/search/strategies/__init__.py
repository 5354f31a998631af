"""The strategies; `autorecon.search.STRATEGIES` lists them, and one is loaded when it is built.

In come a judge of architectures, the settings and a source of randomness, out come mixtures for the
super net's steps, probabilities after each epoch, and at the end one choice a decision.
"""

from __future__ import annotations

from importlib import import_module

import torch

from autorecon.search.config import SearchConfig
from autorecon.search.judge import Judge
from autorecon.search.strategies.strategy import Strategy

__all__ = ["Strategy", "build"]


def build(judge: Judge, config: SearchConfig, random: torch.Generator) -> Strategy:
    """The strategy that the settings name."""
    module, _, name = config.info.place.partition(":")
    kind: type[Strategy] = getattr(import_module(f"{__name__}.{module}"), name)
    return kind(judge, config, random)
