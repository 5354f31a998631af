"""What was interrupted goes on to what it would have been without."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import attrs
import pytest

from autorecon.runs import (
    Checkpoint,
    Checkpoints,
    Lines,
    Progress,
    RunError,
    RunFolder,
    drive,
    save_state,
)
from autorecon.runs.drive import _Work
from walks import EPOCHS, QUIET, Boom, Walk, rows, uninterrupted

pytestmark = pytest.mark.usefixtures("often")


@pytest.mark.parametrize("fails", range(EPOCHS))
def test_resumed_equals_uninterrupted(run: RunFolder, tmp_path: Path, fails: int) -> None:
    with pytest.raises(Boom):
        drive(Walk(fails=fails), run, QUIET)
    resumed = Walk()
    drive(resumed, run, QUIET)
    assert resumed.ran[0] == fails
    assert (rows(run), [resumed.place.tolist()]) == uninterrupted(tmp_path)


def test_interrupted_again_and_again(run: RunFolder, tmp_path: Path) -> None:
    for fails in (0, 0, 2, 3, 3, 4):
        with pytest.raises(Boom):
            drive(Walk(fails=fails), run, QUIET)
    resumed = Walk()
    drive(resumed, run, QUIET)
    assert (rows(run), [resumed.place.tolist()]) == uninterrupted(tmp_path)


def test_the_last_two_checkpoints_stand_until_the_stage_is_done(run: RunFolder, often: str) -> None:
    checkpoints = Checkpoints(run.checkpoint_path, "search")
    with pytest.raises(Boom):
        drive(Walk(fails=3), run, QUIET)
    two = ["epoch-00003-step-00001", "epoch-00003"] if often == "each step" else ["epoch-00003"]
    assert [path.stem for path in checkpoints.paths()] == [*two, "epoch-00002"][:2]
    drive(Walk(), run, QUIET)
    assert [path.name for path in checkpoints.paths()] == ["epoch-00005.safetensors"]


@pytest.mark.parametrize("kind", [Boom, KeyboardInterrupt])
def test_what_interrupts_says_how_to_go_on(
    run: RunFolder, often: str, kind: type[BaseException]
) -> None:
    error = kind()
    with pytest.raises(type(error)) as caught:
        drive(Walk(fails=2, error=error), run, QUIET)
    assert caught.value is error
    within = "-step-00001" if often == "each step" else ""
    last = run.checkpoint_path / "search" / f"epoch-00002{within}.safetensors"
    assert error.__notes__ == [
        f"search stopped in epoch 3 of 5; its last checkpoint is {last}; "
        f"continue with --resume {run.path}"
    ]


def test_a_full_disk_loses_no_checkpoint(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Boom):
        drive(Walk(fails=2), run, QUIET)

    def refuse(*_arguments: object) -> None:
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", refuse)
        with pytest.raises(RunError, match=r"epoch-0000[23].*No space left") as caught:
            drive(Walk(), run, QUIET)
    assert "stopped in epoch 3" in caught.value.__notes__[0]
    resumed = Walk()
    drive(resumed, run, QUIET)
    assert (rows(run), [resumed.place.tolist()]) == uninterrupted(tmp_path)


def test_of_a_damaged_checkpoint_it_goes_back_to_the_one_before(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Work, "_due", lambda work: not work.steps)
    with pytest.raises(Boom):
        drive(Walk(fails=3), run, QUIET)
    newest, older = Checkpoints(run.checkpoint_path, "search").paths()
    newest.write_bytes(newest.read_bytes()[:-5])
    said = io.StringIO()
    resumed = Walk()
    drive(resumed, run, Progress(stream=said))
    assert resumed.ran == [2, 3, 4]
    assert said.getvalue().startswith(f"cannot read {newest}")
    assert (rows(run), [resumed.place.tolist()]) == uninterrupted(tmp_path)
    assert not older.exists()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        (3, "not a checkpoint"),
        ({"stage": "search"}, "not a checkpoint"),
        (attrs.asdict(Checkpoint("search", 1, 5, 0, {})) | {"epoch": "1"}, "not a checkpoint"),
        (attrs.asdict(Checkpoint("other", 1, 5, 0, {})), "checkpoint of other, not of search"),
    ],
)
def test_a_foreign_checkpoint_is_refused(run: RunFolder, state: Any, message: str) -> None:
    save_state(run.checkpoint_path / "search" / "epoch-00001.safetensors", state)
    with pytest.raises(RunError, match=message):
        drive(Walk(), run, QUIET)


def test_other_epochs_are_refused(run: RunFolder) -> None:
    drive(Walk(), run, QUIET)
    with pytest.raises(RunError, match="started for 5 epochs and cannot go on for 6"):
        drive(Walk(epochs=6), run, QUIET)


def test_a_lost_log_is_told(run: RunFolder) -> None:
    with pytest.raises(Boom):
        drive(Walk(fails=2), run, QUIET)
    run.metrics_path.unlink()
    with pytest.raises(RunError, match="does not hold the rows"):
        drive(Walk(), run, QUIET)


def test_a_torn_row_before_the_first_epoch_is_dropped(run: RunFolder) -> None:
    Lines(run.metrics_path).append({"stage": "earlier"})
    with run.metrics_path.open("ab") as file:
        file.write(b'{"stage"')
    with pytest.raises(Boom):
        drive(Walk(fails=0), run, QUIET)
    drive(Walk(), run, QUIET)
    assert [row["stage"] for row in rows(run)] == ["earlier"] + ["search"] * EPOCHS
