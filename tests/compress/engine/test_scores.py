from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import nn

from autorecon.records.files import read_record, write_record
from autorecon.records.score import Score
from autorecon.records.students import Compressed
from tests.compress.engine.conftest import Make, fingerprint, run


def test_scores_last_is_quoted_and_best_is_named(make: Make, tmp_path: Path) -> None:
    scores: Iterator[float] = iter([50.0, 70.0, 90.0, 80.0])
    stage = make(lambda module: Score(next(scores), 60.0))
    rows = run(stage, range(4))
    assert [row.get("accuracy") for row in rows] == [None, 70.0, 90.0, 80.0]
    assert rows[1]["calibrated_accuracy"] == 50.0
    assert rows[-1]["agreement"] == rows[1]["calibrated_agreement"] == 60.0
    assert not any("divergence" in name for row in rows for name in row)
    result = stage.result()
    assert (result.calibrated, result.last) == (Score(50.0, 60.0), Score(80.0, 60.0))
    assert (result.best, result.best_epoch) == (Score(90.0, 60.0), 3)
    write_record(tmp_path / "result.json", result)
    assert read_record(tmp_path / "result.json", Compressed) == result
    assert json.loads(json.dumps(rows)) == rows


def test_scores_every_other_epoch_and_always_at_the_end(make: Make) -> None:
    calls: list[bool] = []

    def evaluate(module: nn.Module) -> Score:
        calls.append(module.training or torch.is_grad_enabled())
        return Score(1.0)

    rows = run(make(evaluate, epochs=12, evaluate_every=5), range(12))
    assert [epoch for epoch, row in enumerate(rows, 1) if "accuracy" in row] == [10, 12]
    assert calls == [False] * 3


def test_nobody_evaluates_unless_asked(make: Make) -> None:
    stage = make()
    rows = run(stage, range(4))
    assert not any("accuracy" in name for row in rows for name in row)
    assert stage.result().last is None


def test_a_student_that_tuning_damaged_is_as_it_was_calibrated(make: Make) -> None:
    own: dict[str, Any] = {"bits": "w8a8", "student_lr": 0.3, "steps": 3}
    kept, last = make(fingerprint, **own), make(fingerprint, **own, keep="last")
    for stage in (kept, last):
        run(stage, range(4))
    found, other = kept.result(), last.result()
    assert found.last == found.calibrated == other.calibrated
    assert other.last != other.calibrated
    assert "tuning was undone" in found.warnings[-1]
    assert not [text for text in other.warnings if "undone" in text]


def test_a_student_that_is_no_worse_is_as_it_was_last(make: Make) -> None:
    stage = make(fingerprint, student_lr=1e-9)
    run(stage, range(4))
    assert stage.result().last != stage.result().calibrated
    assert not [text for text in stage.warnings if "undone" in text]
