"""A run that is told to end does so after its step, with a checkpoint."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from autorecon.runs import (
    Progress,
    RunFolder,
    drive,
)
from autorecon.runs.drive import _Work
from autorecon.runs.stopping import stopping
from walks import QUIET, Walk, rows, uninterrupted


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


def interrupted(times: int) -> None:
    """Work in a library that makes an error of its own of an interruption, as torch does."""
    with stopping(Progress(stream=io.StringIO())) as stopped:
        for _ in range(times):
            try:
                signal.raise_signal(signal.SIGINT)
            except KeyboardInterrupt as error:
                raise RuntimeError("KeyboardInterrupt: <EMPTY MESSAGE>") from error
        assert stopped()
        raise RuntimeError("own")


def test_told_twice_it_is_an_interruption_whatever_a_library_makes_of_it() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        interrupted(2)
    assert signal.getsignal(signal.SIGINT) is before


def test_told_once_an_error_is_itself() -> None:
    with pytest.raises(RuntimeError, match="own"):
        interrupted(1)
