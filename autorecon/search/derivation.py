"""From a searched super net to one architecture."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import options, picks_by_name
from autorecon.graph.valid.derive import derive_choices
from autorecon.records.derivation import Derivation
from autorecon.search.config import SearchConfig
from autorecon.search.costs import relative
from autorecon.search.samples import draw_valid, one_path
from autorecon.search.strategies import Strategy
from autorecon.search.strategies.gradient import GradientStrategy

_LEAST = 1e-6

# Apart from the seeds of the search's own draws.
DRAWING = 0x64657269766521


def derive(strategy: Strategy, config: SearchConfig) -> Derivation:
    """By the way that the settings name; only strategies that learn have others than argmax."""
    if isinstance(strategy, GradientStrategy):
        return _DERIVE[config.derive](strategy, config)
    shares, space = _lists(strategy.probabilities()), strategy.space
    judged = tuple((options(space, m.picks), m.losses) for m in strategy.compared())
    return Derivation(strategy.choices(), config.derive, shares, judged)


def _argmax(strategy: GradientStrategy, config: SearchConfig) -> Derivation:
    """The most probable options (Eq. 8), repaired."""
    scores = _lists(strategy.probabilities())
    choices = strategy.choices()
    return Derivation(choices, "argmax", scores, repaired=_repaired(strategy, choices, scores))


@torch.no_grad()
def _perturbation(strategy: GradientStrategy, config: SearchConfig) -> Derivation:
    """DARTS-PT: decision by decision, in the order of the text, the option whose removal from the
    super net raises the loss the most; what is decided stays so for the decisions after it.

    The weights are not tuned in between, and the noise is the same in all comparisons.
    """
    weights = dict(strategy.mean())
    scores = {}
    for name, mixed in strategy.mean().items():
        places = torch.arange(len(mixed), device=mixed.device)
        without = [mixed.index_fill(0, place, 0.0) for place in places]
        losses = [_loss(strategy, weights | {name: left}) for left in without]
        scores[name] = losses
        weights[name] = torch.zeros_like(mixed)
        weights[name][max(range(len(losses)), key=losses.__getitem__)] = 1
    # As logits, so that a repair gives up what raises the sum of these losses the least.
    shares = {name: torch.tensor(losses).double().softmax(0) for name, losses in scores.items()}
    choices = derive_choices(strategy.space, _lists(shares))
    repaired = _repaired(strategy, choices, scores)
    return Derivation(choices, "perturbation", scores, repaired=repaired)


def _loss(strategy: GradientStrategy, weights: Mapping[str, Tensor]) -> float:
    shares = {name: _share(w) for name, w in weights.items()}
    return strategy.judge.fixed(weights, strategy.architecture(shares))["total"]


def _share(weights: Tensor) -> Tensor:
    """As probabilities, of which none is 0: where all that is left is cut, means still exist."""
    some = weights.double() + _LEAST
    return some / some.sum()


def _sample(strategy: GradientStrategy, config: SearchConfig) -> Derivation:
    """The best of the most probable architecture and `derive_samples` - 1 drawn ones, each judged
    alone in the super net, on the same noise."""
    random = torch.Generator().manual_seed(config.seed ^ DRAWING)
    found = {picks_by_name(strategy.space, strategy.choices()): None}
    for _ in range(config.derive_samples - 1):
        found.setdefault(drawn(strategy, random))
    losses = {picks: _judged(strategy, picks) for picks in found}
    best = min(losses, key=lambda picks: losses[picks]["total"])
    judged = tuple((options(strategy.space, picks), loss) for picks, loss in losses.items())
    scores = _lists(strategy.probabilities())
    return Derivation(options(strategy.space, best), "sample", scores, judged)


def drawn(strategy: GradientStrategy, random: torch.Generator) -> Picks:
    """A valid architecture, by the learnt probabilities; SearchError if it is long in coming."""
    probabilities = strategy.probabilities()

    def draw() -> dict[str, int]:
        return {
            name: int(torch.multinomial(p.detach().cpu().double(), 1, generator=random))
            for name, p in probabilities.items()
        }

    return tuple(draw_valid(strategy.space, draw, lambda drawn: drawn).values())


def _judged(strategy: GradientStrategy, picks: Picks) -> dict[str, float]:
    space = strategy.space
    cost = relative(space.genotype(picks).cost, space, strategy.judge.device)
    return strategy.judge.fixed(one_path(space, picks), cost)


def _repaired(
    strategy: GradientStrategy, choices: Mapping[str, str], scores: Mapping[str, list[float]]
) -> tuple[str, ...]:
    return tuple(
        decision.name
        for decision in strategy.space.decisions
        if (own := scores[decision.name])[decision.options.index(choices[decision.name])] < max(own)
    )


def _lists(values: Mapping[str, Tensor]) -> dict[str, list[float]]:
    return {name: value.tolist() for name, value in values.items()}


_DERIVE: dict[str, Callable[[GradientStrategy, SearchConfig], Derivation]] = {
    "argmax": _argmax,
    "perturbation": _perturbation,
    "sample": _sample,
}
