"""Deriving by probability, by perturbation and by sampling, against slow references."""

from __future__ import annotations

import math

import attrs
import pytest
import torch

from autorecon.graph.architectures.ids import picks_by_name
from autorecon.nn import OneCandidate, edge_mixture
from autorecon.objective import Request
from autorecon.search import SearchConfig, SearchError
from autorecon.search.derivation import derive

# Three decisions; without `a -> image` and `b -> image` the image is cut.
TEXT = """space few(classes = 3)
input z [4]: noise
node a [2, 4, 4] then bn
node b [2, 4, 4] then bn
output image [1, 4, 4]
link z -> a = linear
link a -> b = conv(1) | conv(3) | identity
link a -> image = conv(1) | none | conv(3)
link b -> image = none | conv(5)
"""
NAMES = ["a->b", "a->image", "b->image"]


def strategy_of(toy, name="log", alpha=(0.4, 0.1, -0.3), **settings):
    strategy = toy(name, text=TEXT, alpha=alpha, **settings)
    return strategy, attrs.evolve(strategy.config, **settings)


def loss(strategy, sampled):
    z, y = strategy.judge._fixed
    with torch.no_grad():
        images = strategy.net(z, y, edge_mixture(strategy.space, sampled))
        seen = strategy.judge._view(images, Request(y))
        return float(torch.nn.functional.cross_entropy(seen.logits, y))


def test_argmax_takes_the_most_probable_and_names_what_was_repaired(toy):
    strategy, config = strategy_of(toy)
    with torch.no_grad():
        strategy.net.alpha["a->image"].copy_(torch.tensor([0.0, 3.0, 1.0]))
        strategy.net.alpha["b->image"].copy_(torch.tensor([0.5, 0.0]))
    found = derive(strategy, config)
    # Both ways to the image are `none`; the second is the less certain.
    assert found.choices == {"a->b": "conv(1)", "a->image": "none", "b->image": "conv(5)"}
    assert found.repaired == ("b->image",)
    assert found.scores["b->image"] == torch.tensor([0.5, 0.0]).softmax(0).tolist()


@pytest.mark.parametrize("name", ["log", "darts", "fairdarts"])
def test_perturbation_against_removing_one_by_one(toy, name):
    strategy, config = strategy_of(toy, name, derive="perturbation", objective="ce")
    weights = {
        n: (a.sigmoid() if name == "fairdarts" else a.softmax(0)).detach()
        for n, a in strategy.net.alpha.items()
    }
    expected = {}
    for decision in NAMES:
        losses = []
        for removed in range(len(weights[decision])):
            left = weights[decision].clone()
            left[removed] = 0
            losses.append(loss(strategy, weights | {decision: left}))
        best = losses.index(max(losses))
        expected[decision] = losses
        weights[decision] = torch.tensor([float(k == best) for k in range(len(losses))])
    found = derive(strategy, config)
    assert list(found.scores) == NAMES
    for decision in NAMES:
        assert found.scores[decision] == pytest.approx(expected[decision], rel=1e-5)
    chosen = picks_by_name(strategy.space, found.choices)
    if not found.repaired:
        assert list(chosen) == [losses.index(max(losses)) for losses in expected.values()]
    assert strategy.space.liveness.is_valid(chosen)


def test_perturbation_weighs_costs_too(toy):
    settings = {"derive": "perturbation", "objective": "ce + 1000*macs"}
    strategy, config = strategy_of(toy, alpha=(0.0, 0.0, 0.0), **settings)
    found = derive(strategy, config)
    # Without the cheapest, what is left costs the most on average.
    assert found.choices["a->b"] == "identity"
    assert "none" in (found.choices["a->image"], found.choices["b->image"])


def test_perturbation_weighs_costs_where_removing_an_option_cuts_the_image(toy):
    settings = {"derive": "perturbation", "objective": "ce + 1000*macs"}
    strategy, config = strategy_of(toy, alpha=(0.0, 8.0, 0.0), **settings)
    found = derive(strategy, config)
    # `a -> image` is decided to be none; without conv(5) on the other way, none is valid then.
    assert found.scores["a->image"].index(max(found.scores["a->image"])) == 1
    assert strategy.space.liveness.is_valid(picks_by_name(strategy.space, found.choices))
    assert all(math.isfinite(loss) for losses in found.scores.values() for loss in losses)


@pytest.mark.parametrize("by", ["argmax", "perturbation", "sample"])
def test_rules_hold_whatever_the_probabilities(toy, by):
    text = TEXT + "rule exactly one none\n"
    strategy = toy("log", text=text, alpha=(3.0, 0.0, 0.0))
    found = derive(strategy, attrs.evolve(strategy.config, derive=by))
    assert list(found.choices.values()).count("none") == 1


def test_sampling_takes_the_best_of_what_it_judges(toy):
    strategy, config = strategy_of(toy, derive="sample", derive_samples=12, objective="ce")
    found = derive(strategy, config)
    assert dict(found.judged[0][0]) == strategy.choices()
    assert 2 <= len(found.judged) <= 12
    totals = []
    for choices, losses in found.judged:
        picks = picks_by_name(strategy.space, choices)
        assert strategy.space.liveness.is_valid(picks)
        one = torch.ones(())
        sampled = {n: OneCandidate(k, one) for n, k in zip(NAMES, picks, strict=True)}
        assert losses["total"] == pytest.approx(loss(strategy, sampled), rel=1e-5)
        totals.append(losses["total"])
    assert found.choices == found.judged[totals.index(min(totals))][0]
    assert derive(strategy, config) == found


def test_samples_follow_the_probabilities(toy):
    strategy, config = strategy_of(
        toy, derive="sample", derive_samples=50, alpha=(30.0, -30.0, -30.0)
    )
    found = derive(strategy, config)
    assert [dict(choices) for choices, _ in found.judged] == [strategy.choices()]


def test_what_compares_architectures_derives_its_best(toy):
    strategy, config = strategy_of(toy, "random")
    strategy.step()
    found = derive(strategy, config)
    assert found.choices == strategy.choices()
    assert found.judged == ((strategy.choices(), strategy.best().losses),)
    with pytest.raises(SearchError, match=r"needs learnt probabilities.*takes the best of them"):
        SearchConfig(strategy="random", derive="sample")
    with pytest.raises(SearchError, match="did you mean `sample`"):
        SearchConfig(derive="sampel")
