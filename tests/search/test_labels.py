"""Where an objective asks for images of a class, whatever a search comes to knows the class."""

from __future__ import annotations

import attrs
import pytest
import torch

import autorecon
from autorecon.graph import genotype
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.sampling.sample import ValidArchitectures
from autorecon.search import STRATEGIES, Search, SearchConfig, SearchError
from autorecon.search.costs import ExpectedCost

# 6 of 8 architectures are valid, and in 2 of these the label leads to the image.
TEXT = """space some(classes = 3)
input z [4]: noise
input y: label(classes)
node a, b [2, 4, 4] then bn
output image [1, 4, 4]
link z -> {a, b} = linear
link y -> b = embed | none
link a -> image = conv(1) | none
link b -> image = conv(3) | none
"""
SPACE = autorecon.loads(TEXT)
CONFIG = SearchConfig(epochs=2, warmup_epochs=1, weight_steps=2, architecture_steps=5, batch=4)


def knows(choices):
    return "y" in genotype(SPACE, choices).live


def searched(teacher, **settings):
    """A search that is done, whose probabilities are all for cutting the label."""
    net = autorecon.supernet(autorecon.loads(TEXT), seed=0)
    stage = Search(net, teacher, attrs.evolve(CONFIG, **settings))
    rows = [stage.run_epoch(epoch, lambda: None) for epoch in range(2)]
    with torch.no_grad():
        for name, alpha in stage.supernet.alpha.items():
            alpha.copy_(torch.tensor([-1.0, 1.0] if name != "a->image" else [1.0, -1.0]))
    return stage, rows


@pytest.mark.parametrize("name", STRATEGIES)
def test_all_that_a_strategy_finds(teacher, name):
    stage, rows = searched(teacher, strategy=name)
    assert all(knows(row["genotype"]) for row in rows)
    found = stage.derive()
    assert knows(found.choices)
    assert all(knows(choices) for choices in stage.propose(found, 4))
    for member in stage.strategy.compared():
        assert knows(dict(stage.strategy.space.genotype(member.picks).program.chosen))
    assert "y" in stage.supernet.genotype().live


@pytest.mark.parametrize("by", ["perturbation", "sample"])
def test_all_ways_to_derive(teacher, by):
    stage, _ = searched(teacher, derive=by, derive_samples=4)
    found = stage.derive()
    assert knows(found.choices)
    assert all(knows(choices) for choices, _ in found.judged)


def test_an_objective_that_asks_for_no_class_may_cut_the_label(teacher):
    stage, _ = searched(teacher, objective="onehot + entropy")
    assert not knows(stage.derive().choices)
    assert stage.supernet.space == SPACE


def test_a_space_that_cannot_know_is_refused(teacher):
    net = autorecon.supernet(autorecon.loads(TEXT.replace("embed | none", "none")), seed=0)
    with pytest.raises(ArchitectureError, match="every architecture of some cuts `image` from `y`"):
        Search(net, teacher, CONFIG)
    Search(net, teacher, attrs.evolve(CONFIG, objective="onehot"))


def test_means_are_over_those_that_know():
    space = SPACE.requiring("label")
    p = {"y->b": [0.2, 0.8], "a->image": [0.3, 0.7], "b->image": [0.6, 0.4]}
    assert space.expected_cost(p).valid == pytest.approx(0.2 * 0.6)
    expected = space.expected_cost(p).macs / space.cost.macs.max
    found = ExpectedCost(space)({name: torch.tensor(v).double() for name, v in p.items()})
    assert float(found.macs) == pytest.approx(expected)


def test_draws_that_are_long_in_coming_end(teacher, monkeypatch):
    stage, _ = searched(teacher, strategy="hard")
    with torch.no_grad():
        stage.supernet.alpha["y->b"].copy_(torch.tensor([-40.0, 40.0]))
    with pytest.raises(SearchError, match="none is valid"):
        stage.strategy.draw()
    monkeypatch.setattr("autorecon.search.strategies.population.MAX_DRAWS", 0)
    drawn = searched(teacher, strategy="random")[0].strategy
    valid = ValidArchitectures(drawn.space)
    assert {drawn.any_picks() for _ in range(40)} == set(map(valid.picks, range(valid.size)))
    assert valid.size == 2
