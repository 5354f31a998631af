from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from autorecon.report.inputs import missing, read_inputs
from autorecon.report.verdict import verdict
from autorecon.runs import RunFolder

Say = Callable[..., str]


@pytest.fixture
def say(start: Callable[..., RunFolder], sample: SimpleNamespace) -> Say:
    """The verdict on the sample results with changes."""

    def of(**changes: Any) -> str:
        run = start()
        run.results_path.write_text(json.dumps(sample.results(**changes)))
        return verdict(read_inputs(run))

    return of


def difference(mean: float, std: float | None, runs: int = 2) -> dict[str, Any]:
    return {"of": "discovered - human-designed", "mean": mean, "std": std, "runs": runs}


def test_a_loss_within_the_spread_is_called_that(say: Say) -> None:
    assert say() == (
        "At w3a3, the discovered generator's student reached 85.1 ± 0.3 % (2 seeds), 0.3 points "
        "below the human-designed one's; the difference is within the seeds' spread."
    )


def test_a_gain_within_the_spread_is_not_claimed(say: Say) -> None:
    text = say(difference=difference(0.4, 0.4))
    assert "0.4 points above the human-designed one's" in text
    assert text.endswith("the difference is within the seeds' spread.")


def test_a_gain_beyond_the_spread_of_few_seeds_is_qualified(say: Say) -> None:
    text = say(difference=difference(2.0, 0.4))
    assert "2.0 points above" in text
    assert "beyond the seeds' spread (± 0.4), though 2 seeds prove little." in text


def test_a_loss_beyond_the_spread_of_many_seeds_stands(say: Say) -> None:
    text = say(difference=difference(-2.0, 0.4, runs=5))
    assert "2.0 points below" in text
    assert text.endswith("the difference is beyond the seeds' spread (± 0.4).")


@pytest.mark.parametrize("std", [None, 0.0])
def test_one_seed_ranks_nothing(say: Say, std: float | None) -> None:
    assert "ranks neither" in say(difference=difference(3.0, std, runs=1))


def test_a_difference_that_rounds_to_nothing_has_no_direction(say: Say) -> None:
    text = say(difference=difference(-0.04, 0.4))
    assert "level with the human-designed one's" in text
    assert "below" not in text


def test_what_a_gain_costs_is_said(say: Say, sample: SimpleNamespace) -> None:
    generators = sample.results()["generators"]
    generators[1]["macs"] = 3 * generators[0]["macs"]
    text = say(generators=generators)
    assert text.endswith(
        "discovered generator takes 3 times as many multiply-accumulates an image."
    )


def test_a_single_generator_is_measured_against_the_teacher(
    say: Say, sample: SimpleNamespace
) -> None:
    text = say(summary=[sample.summary_of("mine", 85.1, None, runs=1)], difference=None)
    assert text == (
        "At w3a3, gdfq's student reached 85.1 % (1 seed), 6.4 points below the "
        "full-precision teacher's 91.5 %."
    )


def test_without_test_data_there_is_no_accuracy(say: Say) -> None:
    summary = [{"generator": "mine", "runs": 2}]
    rows = [{"generator": "mine", "seed": seed} for seed in (0, 1)]
    text = say(rows=rows, summary=summary, difference=None, data=None)
    assert text == "Students were trained; without test data nothing can be said of accuracy."


def test_agreement_is_told_as_that(say: Say, sample: SimpleNamespace) -> None:
    assert say(**sample.agreeing()) == (
        "At w3a3, gdfq's student agreed with the teacher on 93.0 % of the test images (1 seed). "
        "The teacher's probabilities diverge from its own by 0.123 nats."
    )


def test_agreement_is_told_beside_accuracy(say: Say, sample: SimpleNamespace) -> None:
    assert say(**sample.agreeing(labels=True)) == (
        "At w3a3, gdfq's student reached 84.0 % (1 seed), 7.5 points below the full-precision "
        "teacher's 91.5 %. Its class is the teacher's on 93.0 % of them (0.123 nats apart)."
    )


def test_invented_images_are_called_that(say: Say, sample: SimpleNamespace) -> None:
    text = say(**sample.agreeing(invented=True))
    assert "on 93.0 % of invented images, not of photographs (1 seed)." in text


def test_a_figure_that_is_not_a_number_makes_no_comparison(say: Say) -> None:
    text = say(difference=difference(float("nan"), 0.4))
    assert "nan" not in text.lower()
    assert "human-designed one's" not in text


def test_an_empty_run_says_so(start: Callable[..., RunFolder]) -> None:
    assert verdict(read_inputs(start())) == "No verdict yet: nothing has run in this folder."


def test_an_unfinished_search_has_no_verdict(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start()
    sample.write_metrics(run, [sample.search_row(0)])
    assert verdict(read_inputs(run)) == "No verdict yet: the search has done 1 epoch."


def test_a_compression_alone_lacks_no_search(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(command="compress")
    summary = [sample.summary_of("generator", 85.0, None, runs=1)]
    run.results_path.write_text(json.dumps(sample.results(summary=summary, difference=None)))
    assert missing(read_inputs(run)) == []
    assert missing(read_inputs(start("run-002", command="run"))) != []


def test_a_search_alone_is_finished_without_results(
    start: Callable[..., RunFolder], sample: SimpleNamespace
) -> None:
    run = start(compress={})
    sample.write_metrics(run, [sample.search_row(epoch) for epoch in range(3)])
    assert verdict(read_inputs(run)).startswith("The search went through 3 epochs; nothing was")
