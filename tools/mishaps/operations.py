"""The operations of a process on files below a folder, counted, and what befalls one of them."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link"}
_WRITING = os.O_WRONLY | os.O_RDWR

Befall = Callable[[int, Any], None]
"""What is done with the number of an operation, from 1, before it is: its path or descriptor."""


@attrs.define
class Operations:
    """Those of a process and of all that it forks, by Python's audit events and os.fsync.

    `tally` is a file that has a byte for each.
    """

    folder: Path
    tally: Path
    befall: Befall = lambda number, what: None
    _descriptor: int = -1
    _busy: bool = False

    def watch(self) -> None:
        """Once in a process, which cannot be undone."""
        self._descriptor = os.open(self.tally, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        sync = os.fsync

        def fsync(descriptor: int) -> None:
            self._count(descriptor)
            sync(descriptor)

        os.fsync = fsync  # type: ignore[assignment]
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _CHANGES and not (event == "open" and arguments[2] & _WRITING):
            return
        if isinstance(arguments[0], str | os.PathLike) and self._is_ours(arguments[0]):
            self._count(os.fspath(arguments[0]))

    def _is_ours(self, path: str | os.PathLike[str]) -> bool:
        return os.path.abspath(path).startswith(str(self.folder))

    def _count(self, what: Any) -> None:
        if self._busy:
            return
        os.write(self._descriptor, b".")
        self._busy = True
        try:
            self.befall(os.fstat(self._descriptor).st_size, what)
        finally:
            self._busy = False


def dying(at: int) -> Befall:
    """Killed at an operation; of what is to be made durable, a part is on the disk then."""

    def befall(number: int, what: Any) -> None:
        if number != at:
            return
        if isinstance(what, int) and at % 2:
            _tear(what)
        os.kill(os.getpid(), signal.SIGKILL)

    return befall


def refusing(first: int, last: int, error: int) -> Befall:
    """Refused by the system, as with ENOSPC."""

    def befall(number: int, what: Any) -> None:
        if first <= number <= last:
            raise OSError(error, os.strerror(error), None if isinstance(what, int) else what)

    return befall


def vanishing(at: int, folder: Path, whither: Path) -> Befall:
    """The folder goes away, as a disk does that is taken out."""

    def befall(number: int, what: Any) -> None:
        if number == at:
            os.rename(folder, whither)

    return befall


def _tear(descriptor: int) -> None:
    path = os.readlink(f"/proc/self/fd/{descriptor}")
    if os.path.isfile(path):
        os.truncate(path, max(0, os.path.getsize(path) - 3))
