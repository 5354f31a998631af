"""Algorithm 1, stage 1: what each phase moves, what is logged, and going on bit for bit."""

from __future__ import annotations

import copy
import math

import attrs
import pytest
import torch

import autorecon
from autorecon.nn import Compute
from autorecon.objective import DivergedError
from autorecon.search import STRATEGIES, Search, SearchConfig, SearchError
from autorecon.search.config import GumbelConfig

CONFIG = SearchConfig(epochs=3, warmup_epochs=1, weight_steps=2, architecture_steps=2, batch=4)
COMPUTES = [Compute(bf16=True), Compute(channels_last=True)]


def run(stage, epochs):
    return [stage.run_epoch(epoch, lambda: None) for epoch in epochs]


def values(parameters):
    return [p.detach().clone() for p in parameters]


def equal(one, two):
    return all(torch.equal(a, b) for a, b in zip(one, two, strict=True))


def test_warm_up_trains_weights_alone(build, teacher):
    stage = Search(build(), teacher, CONFIG)
    alphas = values(stage.supernet.architecture_parameters())
    weights = values(stage.supernet.weight_parameters())
    (row,) = run(stage, [0])
    assert equal(alphas, stage.supernet.architecture_parameters())
    assert not equal(weights, stage.supernet.weight_parameters())
    assert "architecture" not in row


def test_architecture_steps_move_alpha_alone(build, teacher):
    stage = Search(build(), teacher, CONFIG)
    alphas = values(stage.supernet.architecture_parameters())
    weights = values(stage.supernet.weight_parameters())
    stage.strategy.begin(1)
    stage.strategy.step()
    assert equal(weights, stage.supernet.weight_parameters())
    assert not equal(alphas, stage.supernet.architecture_parameters())


def test_every_step_sees_fresh_noise_and_labels(build, teacher, monkeypatch):
    stage = Search(build(), teacher, CONFIG)
    seen = []
    original = type(stage.supernet).forward
    monkeypatch.setattr(
        type(stage.supernet),
        "forward",
        lambda self, z, y, mixture: seen.append(z.clone()) or original(self, z, y, mixture),
    )
    run(stage, [0, 1])
    assert len(seen) == 6
    assert len({tuple(z.flatten().tolist()) for z in seen}) == 6


def test_rows_tell_losses_entropy_probabilities_and_genotype(build, teacher):
    stage = Search(build(), teacher, CONFIG)
    ticks = []
    rows = [stage.run_epoch(epoch, lambda: ticks.append(1)) for epoch in range(3)]
    assert len(ticks) == stage.ticks == 2 + 4 + 4
    row = rows[-1]
    assert row["weights"]["total"] == pytest.approx(
        row["weights"]["ce"] + 0.1 * row["weights"]["bns"], rel=1e-5
    )
    assert len(row["entropy"]) == len(row["genotype"]) == 3
    p = row["probabilities"]["b->image"]
    assert row["entropy"]["b->image"] == pytest.approx(-sum(x * math.log(x) for x in p), abs=1e-5)


def test_temperature_falls_from_the_first_architecture_epoch_to_the_last():
    config = attrs.evolve(CONFIG, epochs=5, warmup_epochs=2, gumbel=GumbelConfig(8.0, 2.0))
    assert [config.temperature(e) for e in range(5)] == pytest.approx([8, 8, 8, 4, 2])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_interrupted_search_goes_on_bit_for_bit(build, teacher, strategy):
    config = attrs.evolve(CONFIG, strategy=strategy, epochs=4)
    whole = Search(build(), teacher, config)
    expected = run(whole, range(4))
    first = Search(build(), teacher, config)
    run(first, range(2))
    second = Search(build(), teacher, config)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert run(second, [2, 3]) == expected[2:]
    one, two = whole.supernet.state_dict(), second.supernet.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_search_goes_on_bit_for_bit_from_the_middle_of_an_epoch(build, teacher, strategy):
    config = attrs.evolve(CONFIG, strategy=strategy)
    whole, states = Search(build(), teacher, config), []
    whole.run_epoch(0, lambda: None)
    expected = whole.run_epoch(1, lambda: states.append(copy.deepcopy(whole.state_dict())))
    for state in states:
        other = Search(build(), teacher, config)
        other.load_state_dict(state)
        assert other.run_epoch(1, lambda: None) == expected
        assert equal(whole.supernet.state_dict().values(), other.supernet.state_dict().values())


def test_a_search_that_is_done_keeps_no_moments(build, teacher):
    stage = Search(build(), teacher, CONFIG)
    run(stage, range(3))
    state = stage.state_dict()
    assert "weight_optimiser" not in state
    again = Search(build(), teacher, CONFIG)
    again.load_state_dict(copy.deepcopy(state))
    assert again.derive() == stage.derive()


@pytest.mark.parametrize("compute", COMPUTES)
def test_an_interrupted_search_goes_on_bit_for_bit_however_it_is_computed(build, teacher, compute):
    whole = Search(build(), copy.deepcopy(teacher), CONFIG, compute=compute)
    first, second = (Search(build(), teacher, CONFIG, compute=compute) for _ in range(2))
    rows = run(first, [0, 1])
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert rows + run(second, [2]) == run(whole, [0, 1, 2])
    assert equal(whole.supernet.parameters(), second.supernet.parameters())


@pytest.mark.parametrize("compute", COMPUTES)
def test_losses_are_near_those_in_float32(build, teacher, compute):
    config = attrs.evolve(CONFIG, warmup_epochs=0, epochs=1, weight_steps=1, architecture_steps=1)
    exact, other = (
        Search(build(), copy.deepcopy(teacher), config, compute=c).run_epoch(0, lambda: None)
        for c in (Compute(), compute)
    )
    for phase in ("weights", "architecture"):
        assert other[phase] == pytest.approx(exact[phase], rel=0.02, abs=1e-3)


def test_teacher_is_bit_identical_after_a_search(build, teacher):
    before = {k: v.clone() for k, v in teacher.state_dict().items()}
    run(Search(build(), teacher, CONFIG), range(2))
    assert all(torch.equal(before[k], v) for k, v in teacher.state_dict().items())


def test_loss_that_is_not_a_number_names_term_and_step(build, teacher):
    stage = Search(build(), teacher, CONFIG)
    run(stage, [0])
    with torch.no_grad():
        next(stage.supernet.weight_parameters()).fill_(float("nan"))
    with pytest.raises(DivergedError, match=r"'ce' became nan at step 3"):
        run(stage, [1])


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"strategy": "soft"}, "strategy = 'soft' is unknown"),
        ({"strategy": "dart"}, "did you mean `darts`"),
        ({"strategy": "darts", "gumbel": GumbelConfig(tau=1.0)}, "not for strategy 'darts'"),
        ({"epochs": 0}, "epochs = 0"),
        ({"warmup_epochs": 3}, "fewer than epochs"),
        ({"batch": 1}, "at least 2"),
    ],
)
def test_settings_that_make_no_sense(setting, message):
    with pytest.raises(SearchError, match=message):
        attrs.evolve(CONFIG, **setting)


def test_sections_that_make_no_sense():
    with pytest.raises(SearchError, match=r"tau = -1.0 must be above 0"):
        GumbelConfig(tau=-1.0)


def test_a_strategy_that_learns_by_gradients_refuses_terms_without(build, teacher):
    config = attrs.evolve(CONFIG, objective="ce + 0.1*error")
    with pytest.raises(SearchError, match="every term has a gradient: 'error' has none"):
        Search(build(), teacher, config)


def test_terms_that_a_search_cannot_compute_are_refused(build, teacher):
    with pytest.raises(SearchError, match="'decode' needs a decoder"):
        Search(build(), teacher, attrs.evolve(CONFIG, objective="ce + decode"))


SHARED = """space shared(classes = 3)
input z [4]: noise
node a, b [2, 4, 4]
output image [1, 4, 4]
link z -> {a, b} = linear
link a -> image = conv(1) | conv(3)
link b -> image = conv(1) | conv(3)
share weights a -> image, b -> image
"""


def test_parameters_that_edges_share_have_no_mean(teacher):
    net = autorecon.supernet(autorecon.loads(SHARED), seed=0)
    config = attrs.evolve(CONFIG, objective="onehot + params")
    with pytest.raises(SearchError, match=r"share weights.*leave out 'params'"):
        Search(net, teacher, config)
    Search(net, teacher, attrs.evolve(config, strategy="random"))
    Search(net, teacher, attrs.evolve(config, objective="onehot + macs"))


def test_nothing_to_search(teacher):
    net = autorecon.supernet(autorecon.load("gdfq-cifar"), seed=0)
    with pytest.raises(SearchError, match="leaves nothing to search"):
        Search(net, teacher, CONFIG)


def test_cost_terms_are_logged_and_only_architecture_steps_have_them(build, teacher):
    config = attrs.evolve(CONFIG, objective="ce + 2*macs + params - alpha_entropy")
    row = run(Search(build(), teacher, config), [0, 1])[1]
    assert set(row["weights"]) == {"total", "ce"}
    parts = row["architecture"]
    whole = parts["ce"] + 2 * parts["macs"] + parts["params"] - parts["alpha_entropy"]
    assert parts["total"] == pytest.approx(whole, rel=1e-5)
    assert 0 < parts["macs"] < 1
    assert parts["alpha_entropy"] == pytest.approx(1, abs=1e-3)
