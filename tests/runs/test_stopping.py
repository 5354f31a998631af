from __future__ import annotations

import io
import signal

import pytest

from autorecon.runs import Progress
from autorecon.runs.stopping import stopping


def test_told_twice_what_a_library_makes_of_it_is_an_interruption() -> None:
    """As torch does, whose own error would be shown."""
    before = signal.getsignal(signal.SIGINT)
    said = io.StringIO()
    with pytest.raises(KeyboardInterrupt), stopping(Progress(stream=said)) as stopped:
        signal.raise_signal(signal.SIGINT)
        assert stopped()
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt as error:
            raise RuntimeError("KeyboardInterrupt: <EMPTY MESSAGE>") from error
    assert "stopping after this step" in said.getvalue()
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_is_itself_when_told_once() -> None:
    with pytest.raises(RuntimeError, match="own"), stopping(Progress(quiet=True)):
        signal.raise_signal(signal.SIGINT)
        raise RuntimeError("own")
