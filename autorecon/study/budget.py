"""The same share of the steps of every stage, and accuracy measured at the end alone."""

from __future__ import annotations

import attrs

from autorecon.compress import CompressConfig
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
    # In one epoch any number of steps can be reported.
    shorter = attrs.evolve(
        config,
        warmup_steps=_times(config.warmup_steps, budget),
        image_steps=_times(config.image_steps, budget),
        steps=_times(config.steps, budget),
        epochs=1,
    )
    epochs = max(1, min(config.epochs, shorter.ticks))
    return attrs.evolve(shorter, epochs=epochs, evaluate_every=epochs)


def _search(config: SearchConfig, budget: float) -> SearchConfig:
    epochs = _times(config.epochs, budget)
    warmup = min(_times(config.warmup_epochs, budget), epochs - 1)
    return attrs.evolve(config, epochs=epochs, warmup_epochs=warmup)


def _times(steps: int, budget: float) -> int:
    return max(1, round(steps * budget)) if steps else 0
