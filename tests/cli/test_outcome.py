"""The table that a run ends with on a terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from autorecon.cli.outcome import show_outcome
from autorecon.records.results import Data, Results, Row, Spread, Summary, Teacher
from autorecon.records.score import Score


def shown(capsys: pytest.CaptureFixture[str], score: Score, full: float | None) -> list[str]:
    figure = Spread(score.figure or 0)
    beside = [v and Spread(v) for v in (score.agreement, score.divergence)]
    results = Results(
        bits="w8a8",
        seeds=[0],
        teacher=Teacher("t", 10, 1, 8, 100, full),
        data=Data("folder:x", 3, []),
        rows=[Row("mine", 0, last=score)],
        summary=[Summary("mine", 1, None, figure, figure, *beside)],
    )
    show_outcome(results, Path(), Path("report.html"), as_json=False)
    return capsys.readouterr().out.splitlines()


def test_accuracy_and_agreement_beside_full_precision(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, Score(84.0, 93.0, 0.12345), 91.5)
    assert lines[1] == "Top-1 accuracy on the test images in percent"
    assert lines[2].split() == (
        ["w8a8", "calibrated", "only", "last", "epoch", "agreement", "divergence", "generator"]
    )
    assert lines[3].split() == ["full", "precision", "91.50", "%", "100.00", "%", "0", "nats"]
    assert lines[4].split()[-7:] == ["84.00", "%", "93.00", "%", "0.123", "nats", "none"]


def test_agreement_alone(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, Score(None, 93.0, 0.5), None)
    assert lines[1] == "Agreement with the teacher in percent, on test images without labels"
    assert lines[3].split() == ["full", "precision", "100.00", "%", "0", "nats"]
    assert lines[4].split()[-5:] == ["93.00", "%", "0.5", "nats", "none"]


def test_accuracy_alone_as_files_of_before_have_it(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(capsys, Score(84.0), None)
    assert "agreement" not in lines[2]
    assert lines[3].split() == ["mine", "not", "measured", "84.00", "%", "none"]


def test_without_data_there_is_a_line_and_no_figure(capsys: pytest.CaptureFixture[str]) -> None:
    results = Results(
        bits="w8a8",
        seeds=[0],
        teacher=Teacher("t", 10, 1, 8, 100, None),
        rows=[Row("mine", 0)],
        summary=[Summary("mine", 1)],
    )
    show_outcome(results, Path(), None, as_json=False)
    _, told, *table = capsys.readouterr().out.splitlines()
    assert told.startswith("Not measured on images: `autorecon evaluate . --data NAME` does")
    assert [line.split() for line in table] == [["w8a8", "generator"], ["mine", "none"]]
