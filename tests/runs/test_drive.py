"""A stage is driven through its epochs: each is run once, logged, and told of."""

from __future__ import annotations

import io
import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
import torch

from autorecon.runs import (
    Checkpoint,
    Checkpoints,
    Progress,
    RunFolder,
    drive,
    read_lines,
)
from autorecon.runs.drive import EVERY
from walks import EPOCHS, QUIET, STEPS, Boom, Walk, rows


@pytest.mark.usefixtures("often")
def test_each_epoch_is_run_once_and_logged(run: RunFolder) -> None:
    stage = Walk()
    drive(stage, run, QUIET)
    assert stage.ran == list(range(EPOCHS))
    written = read_lines(run.metrics_path)
    assert [list(row) for row in written] == [["stage", "epoch", "seconds", "at", "scale"]] * EPOCHS
    assert [row["epoch"] for row in written] == stage.ran
    assert written[-1]["at"] == stage.place.tolist()


def test_checkpoints_come_by_time_and_at_the_end(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most one a minute, and so that writing takes a twentieth of the time at most."""
    now, saved = [0.0], list[tuple[float, str]]()
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])

    class Slow(Walk):
        def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
            def step() -> None:
                now[0] += 25
                tick()

            return super().run_epoch(epoch, step)

    def save(checkpoints: Checkpoints, checkpoint: Checkpoint) -> None:
        saved.append((now[0], checkpoint.file))
        now[0] += 5

    monkeypatch.setattr(Checkpoints, "save", save)
    drive(Slow(), run, QUIET)
    times = [when for when, _ in saved]
    assert all(later - sooner >= EVERY for sooner, later in itertools.pairwise(times[:-1]))
    assert all(later - sooner >= 5 / 0.05 for sooner, later in itertools.pairwise(times[:-1]))
    assert saved[1][1] == "epoch-00001-step-00001.safetensors"
    assert saved[-1][1] == "epoch-00005.safetensors"
    assert sum(row["seconds"] for row in read_lines(run.metrics_path)) == 25 * EPOCHS * STEPS


def test_a_finished_stage_is_restored_and_keeps_later_rows(run: RunFolder) -> None:
    first = Walk()
    drive(first, run, QUIET)
    drive(Walk("compress"), run, QUIET)
    before = run.metrics_path.read_bytes()
    again = Walk()
    drive(again, run, QUIET)
    assert again.ran == []
    assert torch.equal(again.place, first.place)
    assert run.metrics_path.read_bytes() == before


def test_a_stage_without_epochs_is_finished(run: RunFolder) -> None:
    drive(Walk(epochs=0), run, QUIET)
    assert len(Checkpoints(run.checkpoint_path, "search").paths()) == 1
    assert rows(run) == []


def test_progress_goes_on_from_what_was_done(run: RunFolder, often: str) -> None:
    with pytest.raises(Boom):
        drive(Walk(fails=2), run, QUIET)
    said = io.StringIO()
    ticking = iter(range(0, 1000, 10))
    drive(Walk(), run, Progress(stream=said, clock=lambda: float(next(ticking))))
    assert said.getvalue().startswith(f"search {8 if often == 'each step' else 7}/15 steps")
    assert "search 15/15 steps" in said.getvalue()


@pytest.mark.usefixtures("often")
def test_a_stage_may_count_its_own_steps(run: RunFolder) -> None:
    class Uneven(Walk):
        def ticks_before(self, epoch: int) -> int:
            return 100 * epoch

    with pytest.raises(Boom):
        drive(Uneven(fails=2), run, QUIET)
    said = io.StringIO()
    drive(Uneven(), run, Progress(stream=said))
    assert "search 209/15 steps" in said.getvalue()


@pytest.mark.parametrize("name", ["", "../x", "a//b", "/a", "a/", "a/..", ".hidden"])
def test_a_name_stays_in_the_folder(run: RunFolder, name: str) -> None:
    with pytest.raises(ValueError, match="must match"):
        drive(Walk(name), run, QUIET)
