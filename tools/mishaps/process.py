"""A command in a process of its own, forked from one that has loaded everything."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

PATIENCE = 300.0
"""Seconds that a command may take."""
_LEAVING = 10.0  # seconds, in which the processes of one that is gone end


@attrs.frozen
class Ended:
    """`code` is as Popen has it: -9 for one that was killed."""

    code: int
    said: str
    hung: bool = False
    left: bool = False  # processes of its own


class Process:
    """`work` in the folder `here`, what it says in a file beside that."""

    def __init__(self, here: Path, work: Callable[[], object]) -> None:
        self._said = here.parent / f"said-{time.monotonic_ns()}"
        with warnings.catch_warnings():
            # Newer Pythons warn of threads that torch may hold; the children need none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.id = os.fork()
        if not self.id:
            _be(here, self._said, work)
        self._status: int | None = None

    def send(self, number: int) -> None:
        """As the keyboard does, to all of its processes, what comes from there."""
        if self.runs_for(0):
            (os.killpg if number == signal.SIGINT else os.kill)(self.id, number)

    def runs_for(self, seconds: float) -> bool:
        """Wait so long for its end; whether it still runs."""
        until = time.monotonic() + seconds
        while self._status is None:
            found, status = os.waitpid(self.id, os.WNOHANG)
            if found:
                self._status = status
            elif time.monotonic() >= until:
                return True
            else:
                time.sleep(0.002)
        return False

    def ended(self) -> Ended:
        """Its end, which is waited for."""
        if hung := self.runs_for(PATIENCE):
            os.killpg(self.id, signal.SIGKILL)
            self.runs_for(PATIENCE)
        left = self._processes_left()
        assert self._status is not None
        said = self._said.read_text("utf-8", "replace") if self._said.exists() else ""
        return Ended(os.waitstatus_to_exitcode(self._status), said, hung, left)

    def _processes_left(self) -> bool:
        until = time.monotonic() + _LEAVING
        while _is_there(self.id):
            if time.monotonic() >= until:
                os.killpg(self.id, signal.SIGKILL)
                return True
            time.sleep(0.01)
        return False


def _is_there(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _be(here: Path, said: Path, work: Callable[[], object]) -> None:
    """Be the process, and end."""
    code = 1
    try:
        os.setpgid(0, 0)
        for number, action in (
            (signal.SIGINT, signal.default_int_handler),
            (signal.SIGTERM, signal.SIG_DFL),
        ):
            signal.signal(number, action)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        for stream in (1, 2):
            os.dup2(os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream)
        sys.stdin, sys.stdout, sys.stderr = (
            os.fdopen(stream, "w" if stream else "r", 1, closefd=False) for stream in (0, 1, 2)
        )
        os.chdir(here)
        work()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def command(arguments: Sequence[str]) -> Callable[[], None]:
    """What `autorecon` does with these."""

    def work() -> None:
        from autorecon.cli import main

        sys.argv = ["autorecon", *arguments]
        main()

    return work
