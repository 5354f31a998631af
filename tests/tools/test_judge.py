"""The tool that tells what auto's judge is worth."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

import judge
from autorecon.records.course import Course, Entry, Rung, write_course
from autorecon.records.score import Score

SAID, REAL = (10.0, 20.0, 30.0, 40.0, 50.0), (80.0, 70.0, 85.0, 90.0, 82.0)


def _course(real: tuple[float, ...]) -> Course:
    entries = [
        Entry(str(said), judged=said, score=Score(agreement=agreed), steps=40)
        for said, agreed in zip(SAID, real, strict=False)
    ]
    failed = Entry("failed", error="diverged", score=None)
    rung = Rung(1.0, [*entries, failed])
    return Course(teacher="t", bits="w3a3", lengths=[1.0], rungs=[rung])


def test_orders_are_compared_rung_by_rung(tmp_path: Path) -> None:
    write_course(tmp_path, _course(REAL))
    printed = CliRunner().invoke(judge.main, [str(tmp_path)]).stdout.splitlines()
    # Ranks 1 to 5 and 2, 1, 4, 5, 3: 1 - 6 * (1 + 1 + 1 + 1 + 4) / 120; 7 pairs of 10 alike.
    assert printed[2] == "| t | w3a3 | 40 | 5 | +0.60 | +0.40 | 82.00 | 90.00 |"


def test_what_was_not_measured_is_told(tmp_path: Path) -> None:
    assert "has no auto.json" in CliRunner().invoke(judge.main, [str(tmp_path)]).output
    write_course(tmp_path, _course(REAL[:3]))
    result = CliRunner().invoke(judge.main, [str(tmp_path)])
    assert "no rung has 4 measured students: add --measure all" in result.output
    assert result.exit_code == 1
