"""Algorithm 1, stage 1: what each phase moves, what is logged, and going on bit for bit."""

from __future__ import annotations

import math

import attrs
import pytest
import torch

from autorecon.objective import DivergedError
from autorecon.search import Search, SearchConfig, SearchError

CONFIG = SearchConfig(
    epochs=3, warmup_epochs=1, weight_steps=2, architecture_steps=2, batch=4, relaxation="log"
)


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
    stage._phase(stage._alpha_step, 2, 1.0, 0, lambda: None)
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
    assert len(row["entropy"]) == len(row["genotype"]) == 33
    p = row["probabilities"]["B1.n2->n4"]
    assert row["entropy"]["B1.n2->n4"] == pytest.approx(-sum(x * math.log(x) for x in p), abs=1e-5)


def test_temperature_falls_from_the_first_architecture_epoch_to_the_last():
    config = attrs.evolve(CONFIG, epochs=5, warmup_epochs=2, tau=8.0, tau_end=2.0)
    assert [config.temperature(e) for e in range(5)] == pytest.approx([8, 8, 8, 4, 2])


@pytest.mark.parametrize("relaxation", ["paper", "log", "hard"])
def test_interrupted_search_goes_on_bit_for_bit(build, teacher, relaxation):
    config = attrs.evolve(CONFIG, relaxation=relaxation)
    whole = Search(build(), teacher, config)
    expected = run(whole, range(3))
    first = Search(build(), teacher, config)
    run(first, range(2))
    second = Search(build(), teacher, config)
    second.load_state_dict(first.state_dict())
    assert run(second, [2]) == expected[2:]
    one, two = whole.supernet.state_dict(), second.supernet.state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


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
        ({"relaxation": "soft"}, "choose of paper, log, hard"),
        ({"epochs": 0}, "epochs = 0"),
        ({"warmup_epochs": 3}, "fewer than epochs"),
        ({"tau": -1.0}, "tau = -1.0"),
        ({"batch": 1}, "at least 2"),
    ],
)
def test_settings_that_make_no_sense(setting, message):
    with pytest.raises(SearchError, match=message):
        attrs.evolve(CONFIG, **setting)
