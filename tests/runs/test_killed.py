"""A run that is killed, at whatever write or moment, can go on."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from autorecon.runs import (
    RunFolder,
    drive,
    load_state,
    save_state,
)
from walks import QUIET, STEPS, Walk, rows

Fork = Callable[[Callable[[], object]], int]


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
