"""Strategies that compare architectures: who is judged by what, who stays, and the front."""

from __future__ import annotations

from itertools import product
from random import Random

import attrs
import pytest
import torch

import autorecon
from autorecon.nn import OneCandidate, edge_mixture
from autorecon.objective import Request, TeacherView
from autorecon.search import STRATEGIES, SearchConfig, SearchError
from autorecon.search.check import check
from autorecon.search.config import PopulationConfig
from autorecon.search.strategies.pareto import best_first, crowding, dominates, fronts, knee
from autorecon.search.strategies.strategy import Member

COMPARING = [info.name for info in STRATEGIES.values() if not info.learns]

# 3 * 3 * 2 = 18 architectures, of which those without `a -> image` and `b -> image` are cut.
TEXT = """space few(classes = 3)
input z [4]: noise
node a [2, 4, 4] then bn
node b [2, 4, 4] then bn
output image [1, 4, 4]
link z -> a = linear
link a -> b = conv(1) | conv(3) | identity
link a -> image = conv(1) | conv(3) | none
link b -> image = conv(5) | none
"""


def member(total, macs):
    return Member((), {"total": total}, 0, macs)


def losses_of(strategy, picks):
    """The loss of one architecture, the slow way."""
    judge, net = strategy.judge, strategy.net
    one = torch.ones(())
    sampled = {
        d.name: OneCandidate(pick, one) for d, pick in zip(net.space.decisions, picks, strict=True)
    }
    z, y = judge._fixed
    with torch.no_grad():
        images = net(z, y, edge_mixture(net.space, sampled))
        seen = TeacherView(judge._view.teacher)(images, Request(y))
        return float(judge.objective(seen)[0])


def every(space):
    for picks in product(*(range(len(d.options)) for d in space.decisions)):
        if space.liveness.is_valid(picks):
            yield picks


@pytest.mark.parametrize("name", ["random", "evolution"])
def test_the_best_of_a_small_space_is_found(toy, name):
    strategy = toy(name, text=TEXT)
    for _ in range(80):
        strategy.step()
    best = min(every(strategy.space), key=lambda picks: losses_of(strategy, picks))
    names = [d.name for d in strategy.space.decisions]
    options = [d.options[k] for d, k in zip(strategy.space.decisions, best, strict=True)]
    assert strategy.choices() == dict(zip(names, options, strict=True))
    assert strategy.best().total == pytest.approx(losses_of(strategy, best))


def test_pareto_finds_the_front_of_a_small_space(toy):
    strategy = toy("pareto", text=TEXT)
    for _ in range(80):
        strategy.step()
    space = strategy.space
    points = {(losses_of(strategy, p), space.genotype(p).cost.macs.max) for p in every(space)}
    front = sorted(p for p in points if not any(better(q, p) for q in points))
    found = sorted((m.total, m.macs) for m in strategy.front())
    assert [f[1] for f in found] == [f[1] for f in front]
    assert [f[0] for f in found] == pytest.approx([f[0] for f in front])
    assert strategy.best() in strategy.front()


def better(one, other):
    return one != other and one[0] <= other[0] and one[1] <= other[1]


def test_pareto_keeps_no_generator_twice(toy):
    strategy = toy("pareto", text=TEXT)
    for _ in range(40):
        strategy.step()
    canonical = [strategy.space.liveness.canonical(m.picks) for m in strategy.members]
    assert len(set(canonical)) == len(canonical)


@pytest.mark.parametrize("name", COMPARING)
def test_members_are_judged_by_the_weights_as_they_are(toy, name):
    strategy = toy(name, text=TEXT)
    for _ in range(6):
        strategy.step()
    before = {m.picks: m.total for m in strategy.members}
    with torch.no_grad():
        for weight in strategy.net.weight_parameters():
            weight.mul_(1.5)
    strategy.begin(1)
    strategy.step()
    for m in strategy.members:
        assert m.total == pytest.approx(losses_of(strategy, m.picks))
    assert any(before.get(m.picks) not in (None, m.total) for m in strategy.members)


def test_the_oldest_dies_however_good(toy):
    settings = PopulationConfig(size=3, tournament=1)
    strategy = toy("evolution", text=TEXT, population=settings)
    seen = []
    for _ in range(9):
        strategy.step()
        seen.append(strategy.members[-1].picks)
        assert [m.picks for m in strategy.members] == seen[-3:]


def test_children_differ_from_a_parent_in_one_decision(toy):
    settings = PopulationConfig(size=4, tournament=2, crossover=0.0)
    strategy = toy("evolution", text=TEXT, population=settings)
    for _ in range(4):
        strategy.step()
    parents = [m.picks for m in strategy.members]
    for _ in range(20):
        child = strategy.propose()
        assert min(sum(a != b for a, b in zip(child, p, strict=True)) for p in parents) <= 1


def test_weight_steps_train_any_valid_architecture_alike(toy):
    strategy = toy("random", text=TEXT)
    drawn = {tuple(one.index for one in strategy.draw().values()) for _ in range(300)}
    assert drawn == set(every(strategy.space))


def test_cost_terms_are_of_the_single_architecture(toy):
    strategy = toy("random", text=TEXT, objective="ce + 2*macs + params")
    strategy.step()
    (found,) = strategy.members
    cost = strategy.space.cost
    assert found.losses["macs"] == pytest.approx(found.macs / cost.macs.max)
    assert found.losses["params"] == pytest.approx(found.parameters / cost.parameters.max)
    whole = found.losses["ce"] + 2 * found.losses["macs"] + found.losses["params"]
    assert found.total == pytest.approx(whole)


def test_terms_without_gradients_are_for_those_who_compare(toy):
    strategy = toy("evolution", text=TEXT, objective="ce + error")
    assert 0 <= strategy.step()["error"] <= 1


def test_pareto_needs_two_goals():
    space = autorecon.loads(TEXT)
    config = SearchConfig(strategy="pareto", objective="ce + 0.1*macs")
    with pytest.raises(SearchError, match=r"without cost terms, .* leave out 'macs'"):
        check(config, space)
    equal = {
        "conv(1) | conv(3) | identity": "conv(1) | conv(1, bias=false)",
        "conv(1) | conv(3) | none": "conv(1)",
        "conv(5) | none": "conv(5)",
    }
    text = TEXT
    for old, new in equal.items():
        text = text.replace(old, new)
    alike = autorecon.loads(text)
    with pytest.raises(SearchError, match="all of few take"):
        check(attrs.evolve(config, objective="ce"), alike)


# By hand: a, b and c beat each other nowhere; d is behind b, e behind all but a.
A, B, C = member(1.0, 90), member(2.0, 40), member(5.0, 10)
D, E = member(3.0, 45), member(6.0, 80)


def test_fronts_by_hand():
    assert fronts([E, D, C, B, A]) == [[C, B, A], [D], [E]]
    assert dominates(B, D)
    assert not dominates(A, E)
    assert not dominates(B, B)


def test_crowding_by_hand():
    middle = (5 - 1) / (5 - 1) + (90 - 10) / (90 - 10)
    assert crowding([C, B, A]) == {0: float("inf"), 1: middle, 2: float("inf")}
    near = member(1.1, 88)
    assert best_first([A, near, B, C])[-1] == near


def test_knee_is_nearest_to_the_best_of_both():
    # Distances, each goal by its range: a (0, 1), b (0.25, 0.375), c (1, 0).
    assert knee([A, B, C]) == B
    assert knee([A]) == A


@pytest.mark.parametrize("seed", range(5))
def test_fronts_against_brute_force(seed):
    random = Random(seed)
    members = [member(random.randrange(5), random.randrange(5)) for _ in range(12)]
    left = list(range(12))
    for front in fronts(members):
        points = [(members[i].total, members[i].macs) for i in left]
        expected = [i for i, p in zip(left, points, strict=True)
                    if not any(better(q, p) for q in points)]  # fmt: skip
        assert [id(m) for m in front] == [id(members[i]) for i in expected]
        left = [i for i in left if i not in expected]
    assert not left


def test_settings_of_populations():
    for settings, message in [
        ({"size": 1}, "size = 1 must be at least 2"),
        ({"tournament": 17}, "tournament = 17 must be"),
        ({"crossover": 1.5}, "crossover = 1.5 must be a probability"),
    ]:
        with pytest.raises(SearchError, match=message):
            PopulationConfig(**settings)


RARE = """space rare(classes = 3)
input z [1, 4, 4]: noise
node a, b [1, 4, 4]
output image [1, 4, 4]
link z -> a = none | identity
link a -> b = none | identity
link b -> image = none | identity
"""


def test_spaces_of_which_hardly_anything_is_valid(toy, monkeypatch):
    with pytest.raises(SearchError, match="none is valid"):
        toy("hard", text=RARE, alpha=(9.0, 0.0)).draw()
    monkeypatch.setattr("autorecon.search.strategies.population.MAX_DRAWS", 0)
    found = toy("random", text=RARE).draw()
    assert {one.index for one in found.values()} == {1}
    strategy = toy("random", text=TEXT)
    drawn = {tuple(one.index for one in strategy.draw().values()) for _ in range(300)}
    assert drawn == set(every(strategy.space))
    monkeypatch.setattr("autorecon.graph.counting.decision_diagram.MAX_STEPS", 1)
    with pytest.raises(SearchError, match="too entangled"):
        toy("random", text=RARE).draw()


RULED = TEXT + "rule exactly one none\nlimit params <= 200\n"


@pytest.mark.parametrize("name", COMPARING)
def test_rules_and_limits_hold(toy, name):
    strategy = toy(name, text=RULED)
    for _ in range(30):
        strategy.step()
        strategy.draw()
    for m in strategy.members:
        assert strategy.space.liveness.is_valid(m.picks)
        assert m.parameters <= 200
        options = [d.options[k] for d, k in zip(strategy.space.decisions, m.picks, strict=True)]
        assert options.count("none") == 1
