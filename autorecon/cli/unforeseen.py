"""What the machine refuses, wherever that is met: one line that says what, and what to do."""

from __future__ import annotations

import errno

_ADVICE = {
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.ENOSPC: "make room there, or choose another place",
    errno.EDQUOT: "make room there, or choose another place",
    errno.ENOENT: "see that it is there",
    errno.EMFILE: "close other programs, or raise the limit by `ulimit -n`",
    **dict.fromkeys(
        (errno.EACCES, errno.EPERM, errno.EROFS), "change its permissions, or choose another place"
    ),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR, errno.EISDIR), "choose another name"),
}
_NO_MEMORY = ("not enough memory", "can't allocate memory", "out of memory")


class MachineError(RuntimeError):
    """What the system, memory or a limit of Python's refuses."""

    exit_code = 2


def unforeseen(error: Exception) -> Exception | None:
    """The same as users are told of it, with its notes; None for what is a fault of ours."""
    said = _said(error)
    if said is None:
        return None
    told = MachineError(said)
    for note in getattr(error, "__notes__", ()):
        told.add_note(note)
    return told


def _said(error: Exception) -> str | None:
    if isinstance(error, OSError) and error.errno != errno.EPIPE:
        return _of_system(error)
    if isinstance(error, RecursionError):
        return "this is nested too deeply to be worked through: take it apart"
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(words in text for words in _NO_MEMORY):
        return "there is too little memory: make it smaller, as by --with compress.batch=16"
    return None


def _of_system(error: OSError) -> str:
    if error.filename is None and error.errno == errno.ENOENT:
        return "the folder that this runs in is gone: change to one that is there"
    place = "" if error.filename is None else f"cannot use {_name(error.filename)}: "
    advice = _ADVICE.get(error.errno or 0)
    return f"{place}{error.strerror or error}" + (f"; {advice}" if advice else "")


def _name(name: object) -> str:
    text = str(name)
    return text if len(text) <= 120 else f"{text[:60]}...{text[-40:]}"
