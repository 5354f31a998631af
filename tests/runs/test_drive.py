from __future__ import annotations

import io
import itertools
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from torch import Tensor

from autorecon.runs import (
    Checkpoint,
    Checkpoints,
    Lines,
    Progress,
    RunError,
    RunFolder,
    drive,
    load_state,
    read_lines,
    save_state,
)
from autorecon.runs.drive import EVERY, _Work
from autorecon.runs.stopping import stopping

EPOCHS = 5
STEPS = 3
QUIET = Progress(quiet=True)
Fork = Callable[[Callable[[], object]], int]


class Boom(ValueError):
    exit_code = 1


@attrs.define
class Walk:
    """A random walk; it raises `error` in the middle of epoch `fails`."""

    name: str = "search"
    epochs: int = EPOCHS
    fails: int = -1
    error: BaseException = attrs.field(factory=Boom)
    ran: list[int] = attrs.field(factory=list)
    step: int = 0
    place: Tensor = attrs.field(factory=lambda: torch.zeros(2))
    generator: torch.Generator = attrs.field(factory=lambda: torch.Generator().manual_seed(1))

    @property
    def ticks(self) -> int:
        return self.epochs * STEPS

    def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
        self.ran.append(epoch)
        while self.step < STEPS:
            self.place += torch.randn(2, generator=self.generator)
            if (epoch, self.step) == (self.fails, 1):
                raise self.error
            self.step += 1
            tick()
        self.step = 0
        return {"at": self.place.tolist(), "scale": float("inf")}

    def state_dict(self) -> dict[str, Any]:
        return {"place": self.place, "generator": self.generator.get_state(), "step": self.step}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.place, self.step = state["place"], state["step"]
        self.generator.set_state(state["generator"])


@pytest.fixture(autouse=True, params=["each step", "each epoch"])
def often(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Checkpoints after each step or each epoch, however little time that takes."""
    when: str = request.param
    due = lambda work: when == "each step" or not work.steps  # noqa: E731
    monkeypatch.setattr(_Work, "_due", due)
    return when


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", {})


def rows(run: RunFolder) -> list[dict[str, Any]]:
    return [{**row, "seconds": 0} for row in read_lines(run.metrics_path)]


def uninterrupted(tmp_path: Path) -> tuple[list[dict[str, Any]], list[Any]]:
    run = RunFolder.create(tmp_path / "uninterrupted", {})
    stage = Walk()
    drive(stage, run, QUIET)
    return rows(run), [stage.place.tolist()]


def test_each_epoch_is_run_once_and_logged(run: RunFolder) -> None:
    stage = Walk()
    drive(stage, run, QUIET)
    assert stage.ran == list(range(EPOCHS))
    written = read_lines(run.metrics_path)
    assert [list(row) for row in written] == [["stage", "epoch", "seconds", "at", "scale"]] * EPOCHS
    assert [row["epoch"] for row in written] == stage.ran
    assert written[-1]["at"] == stage.place.tolist()


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


def die_at(call: int) -> None:
    """Kill this process at its n-th step of making a file durable, tearing what it can."""
    left = call

    def dying(original: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            nonlocal left
            left -= 1
            if left:
                return original(*arguments)
            if isinstance(arguments[0], int) and call % 2:
                tear(arguments[0])
            return os.kill(os.getpid(), signal.SIGKILL)

        return step

    os.fsync, os.replace = dying(os.fsync), dying(os.replace)  # type: ignore[assignment]


def tear(descriptor: int) -> None:
    path = os.readlink(f"/proc/self/fd/{descriptor}")
    if os.path.isfile(path):
        os.truncate(path, os.path.getsize(path) - 3)


def both(run: RunFolder) -> tuple[list[dict[str, Any]], list[Any]]:
    stages = [Walk("search", epochs=2), Walk("compress/seed0", epochs=2)]
    with run.lock():
        for stage in stages:
            drive(stage, run, QUIET)
    return rows(run), [stage.place.tolist() for stage in stages]


def test_killed_at_any_write_a_run_can_go_on(tmp_path: Path, fork: Fork, often: str) -> None:
    expected = both(RunFolder.create(tmp_path / "uninterrupted", {}))
    survived = False
    for call in range(1, 100):
        run = RunFolder.create(tmp_path / str(call), {})
        child = fork(lambda call=call, run=run: (die_at(call), both(run)))
        _, status = os.waitpid(child, 0)
        survived = os.WIFEXITED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL or os.WEXITSTATUS(status) == 0
        for path in run.checkpoint_path.rglob("epoch-*"):
            load_state(path)
        assert both(run) == expected
        assert not list(run.path.rglob(".*.tmp"))
        if survived:
            break
    assert survived
    # Each stage's first checkpoint takes 3 such steps, each epoch 1 for its row and 3 more.
    within = 3 * STEPS if often == "each step" else 0
    assert call == 2 * (3 + 2 * (4 + within)) + 1


def test_killed_at_any_moment_a_state_is_whole(tmp_path: Path, fork: Fork) -> None:
    path = tmp_path / "state"
    save_state(path, {"n": -1, "x": torch.full((300_000,), -1)})

    def save_forever() -> None:
        for n in range(10**9):
            save_state(path, {"n": n, "x": torch.full((300_000,), n)})

    for wait in random.Random(0).choices(range(5, 40), k=6):
        child = fork(save_forever)
        time.sleep(wait / 1000)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        state = load_state(path)
        assert state["x"].eq(state["n"]).all()


def test_the_old_checkpoint_goes_when_the_new_one_stands(run: RunFolder, often: str) -> None:
    checkpoints = Checkpoints(run.checkpoint_path, "search")
    with pytest.raises(Boom):
        drive(Walk(fails=3), run, QUIET)
    within = "-step-00001" if often == "each step" else ""
    assert [path.name for path in checkpoints.paths()] == [f"epoch-00003{within}.safetensors"]
    drive(Walk(), run, QUIET)
    assert [path.name for path in checkpoints.paths()] == ["epoch-00005.safetensors"]


def test_checkpoints_come_by_time_and_at_the_end(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most one a minute, and so that writing takes a twentieth of the time at most."""
    monkeypatch.undo()
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_told_to_end_it_ends_after_the_step_with_a_checkpoint(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    expected = uninterrupted(tmp_path)
    monkeypatch.setattr(_Work, "_due", lambda work: False)
    before = signal.getsignal(number)

    class Told(Walk):
        def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
            def step() -> None:
                if (epoch, self.step) == (1, 2):
                    os.kill(os.getpid(), number)
                tick()

            return super().run_epoch(epoch, step)

    said = io.StringIO()
    with pytest.raises(KeyboardInterrupt) as caught:
        drive(Told(), run, Progress(stream=said))
    assert signal.getsignal(number) is before
    assert "stopping after this step" in said.getvalue()
    assert "epoch-00001-step-00002.safetensors" in caught.value.__notes__[0]
    resumed = Walk()
    drive(resumed, run, QUIET)
    assert resumed.ran == [1, 2, 3, 4]
    assert (rows(run), [resumed.place.tolist()]) == expected


def test_told_twice_it_ends_at_once(run: RunFolder) -> None:
    class Told(Walk):
        def run_epoch(self, epoch: int, tick: Callable[[], None]) -> dict[str, Any]:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            pytest.fail("it went on")

    with pytest.raises(KeyboardInterrupt):
        drive(Told(), run, QUIET)


def test_signals_that_are_ignored_stay_so(run: RunFolder) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stopping(QUIET) as stopped:
            os.kill(os.getpid(), signal.SIGINT)
            assert not stopped()
    finally:
        signal.signal(signal.SIGINT, before)


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


def test_a_damaged_checkpoint_is_passed_over(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a kill kept the one before it from going."""
    monkeypatch.setattr(_Work, "_due", lambda work: not work.steps)
    with monkeypatch.context() as patched:
        patched.setattr(Checkpoints, "keep", lambda *_arguments: None)
        with pytest.raises(Boom):
            drive(Walk(fails=3), run, QUIET)
    newest, older, *_ = Checkpoints(run.checkpoint_path, "search").paths()
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


def test_progress_goes_on_from_what_was_done(run: RunFolder, often: str) -> None:
    with pytest.raises(Boom):
        drive(Walk(fails=2), run, QUIET)
    said = io.StringIO()
    ticking = iter(range(0, 1000, 10))
    drive(Walk(), run, Progress(stream=said, clock=lambda: float(next(ticking))))
    assert said.getvalue().startswith(f"search {8 if often == 'each step' else 7}/15 steps")
    assert "search 15/15 steps" in said.getvalue()


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
