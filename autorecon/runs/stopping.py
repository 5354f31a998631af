"""Being told to end, without losing the step that is being done."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from typing import Any

from autorecon.runs.progress import Progress


@contextlib.contextmanager
def stopping(progress: Progress) -> Iterator[Callable[[], bool]]:
    """Give what tells whether the process was told to end by SIGINT or SIGTERM.

    Said once, it is only noted; said again, it acts as it did before, and whatever an interrupted
    library makes of that is KeyboardInterrupt. Signals that somebody else handles or ignores stay
    theirs, and so do all of them outside the main thread.
    """
    told: list[int] = []
    before: dict[signal.Signals, Any] = {}

    def note(number: int, frame: Any) -> None:
        told.append(number)
        if len(told) > 1:
            give_back()
            signal.raise_signal(number)
            return
        progress.say("stopping after this step, with a checkpoint; once more stops at once")

    def give_back() -> None:
        while before:
            signal.signal(*before.popitem())

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) in (signal.default_int_handler, signal.SIG_DFL):
                before[number] = signal.signal(number, note)
    try:
        yield lambda: bool(told)
    except Exception as error:
        if len(told) > 1:
            raise KeyboardInterrupt from error
        raise
    finally:
        give_back()
