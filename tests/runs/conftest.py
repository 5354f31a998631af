from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from autorecon.runs import RunFolder
from autorecon.runs.drive import _Work


@pytest.fixture
def fork() -> Callable[[Callable[[], object]], int]:
    """Run a function in a child process and give the child's id; it exits 0 if it returns."""

    def start(work: Callable[[], object]) -> int:
        with warnings.catch_warnings():
            # Newer Pythons warn of threads that torch may hold; the children need none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child:
            return child
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)

    return start


@pytest.fixture(params=["each step", "each epoch"])
def often(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Checkpoints after each step or each epoch, however little time that takes."""
    when: str = request.param
    due = lambda work: when == "each step" or not work.steps  # noqa: E731
    monkeypatch.setattr(_Work, "_due", due)
    return when


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    return RunFolder.create(tmp_path / "run", {})
