"""The one way in which files that others may have made are read: regular ones, up to a size."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class UnfitFile(OSError):
    """A file that is none of what is to be read; `strerror` says why."""


def read_bounded(path: str | Path, most: int) -> bytes:
    """What a regular file of at most `most` bytes holds.

    Raises OSError: UnfitFile for a larger file, whatever its size is said to be, and for a pipe, a
    device or a socket, none of which is waited for.
    """
    with open_regular(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UnfitFile(0, f"it is larger than {most:,} bytes", str(path))
    return data


def open_regular(path: str | Path) -> BufferedReader:
    """A regular file, open to read bytes; OSError as `read_bounded` has it."""
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a null byte in the name
        raise UnfitFile(0, str(error), str(path)) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(mode):
            raise UnfitFile(0, "it is not a regular file", str(path))
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise
