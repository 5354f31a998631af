from __future__ import annotations

import io
import signal

import pytest

from autorecon.runs import Progress
from autorecon.runs.stopping import stopping


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
