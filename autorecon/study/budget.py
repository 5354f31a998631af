"""The same share of the steps of every stage, and accuracy measured at the end alone."""

from __future__ import annotations

import attrs

from autorecon.compress import CompressConfig
from autorecon.compress.settings import part
from autorecon.search import SearchConfig
from autorecon.workflow.config import RunConfig


def scaled(config: RunConfig, budget: float) -> RunConfig:
    """`config` with its steps times `budget`, each kind of which stays at least one step.

    A student is scored after its last step alone: what it reaches before says nothing that is
    used, and would take a third of the time.
    """
    return attrs.evolve(
        config,
        search=_search(config.search, budget),
        compress=_compression(config.compress, budget),
    )


def _compression(config: CompressConfig, budget: float) -> CompressConfig:
    shorter = config.shortened(budget)
    epochs = max(1, min(config.epochs, shorter.ticks))
    return attrs.evolve(shorter, epochs=epochs, evaluate_every=epochs)


def _search(config: SearchConfig, budget: float) -> SearchConfig:
    epochs = part(config.epochs, budget)
    warmup = min(part(config.warmup_epochs, budget), epochs - 1)
    return attrs.evolve(config, epochs=epochs, warmup_epochs=warmup)
