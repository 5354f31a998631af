"""The strategies; `autorecon.search.STRATEGIES` lists them, and one is loaded when it is built."""

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
