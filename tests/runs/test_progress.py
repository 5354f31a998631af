from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from autorecon.runs import Progress, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def run(progress: Progress, clock: Clock, total: int, done: int, seconds: float) -> None:
    """A task whose steps take `seconds` each."""
    with progress.task("search", total, done) as tick:
        for _ in range(done, total):
            clock.now += seconds
            tick()


def test_plain_lines_come_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    run(Progress(stream=stream, clock=clock), clock, total=600, done=0, seconds=0.125)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "search 80/600 steps, 8.0/s, 65 s left"
    assert lines[-1] == "search 600/600 steps, 8.0/s, took 75 s"
    assert len(lines) == 8


def test_earlier_steps_count_but_have_no_part_in_the_rate() -> None:
    stream, clock = io.StringIO(), Clock()
    run(Progress(stream=stream, clock=clock), clock, total=520, done=500, seconds=10.0)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "search 501/520 steps, 0.1/s, 3 min left"
    assert lines[-1] == "search 520/520 steps, 0.1/s, took 3 min"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(8.34, "8.3 s"), (59.4, "59 s"), (99.7, "100 s"), (720, "12 min"), (11100, "3 h 05 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.001, "1000/s, 1 s left"), (60.0, "0.017/s, 16 h 39 min left"), (5.0, "0.2/s, 83 min left")],
)
def test_rates_and_times_are_readable(seconds: float, said: str) -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream=stream, clock=clock)
    with progress.task("search", 1000 + round(10 / seconds)) as tick:
        for _ in range(max(round(10 / seconds), 1)):
            clock.now += seconds
            tick()
    assert said in stream.getvalue().splitlines()[0]


def test_a_notebook_has_one_output_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, str]] = []

    class Handle:
        def update(self, data: dict[str, str], raw: bool) -> None:
            assert raw
            shown.append(data)

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Handle:
        assert raw
        assert display_id
        shown.append(data)
        return Handle()

    kernel = SimpleNamespace(kernel=True)
    notebook = SimpleNamespace(get_ipython=lambda: kernel)
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display))
    stream, clock = io.StringIO(), Clock()
    monkeypatch.setattr("sys.stderr", stream)
    run(Progress(clock=clock), clock, total=4, done=0, seconds=0.125)
    texts = [data["text/plain"] for data in shown]
    assert texts == [
        "search 0/4 steps", "search 2/4 steps, 8.0/s, 0.2 s left",
        "search 4/4 steps, 8.0/s, took 0.5 s", "search 4/4 steps, 8.0/s, took 0.5 s",
    ]  # fmt: skip
    bar = "<progress max='4' value='2'></progress> search 2/4 steps, 8.0/s, 0.2 s left"
    assert shown[1]["text/html"] == bar
    run(Progress(clock=clock, quiet=True), clock, total=4, done=0, seconds=0.125)
    assert len(shown) == 4
    assert stream.getvalue() == ""


def test_an_interrupted_task_claims_no_end() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = Progress(stream=stream, clock=clock)
    with pytest.raises(KeyboardInterrupt), progress.task("search", 10):
        raise KeyboardInterrupt
    assert stream.getvalue() == ""


def test_no_steps_are_shown_without_a_rate() -> None:
    stream = io.StringIO()
    with Progress(stream=stream).task("search", 0):
        pass
    assert stream.getvalue() == "search took 0 s\n"


@pytest.mark.parametrize("stream", [io.StringIO(), Terminal()])
def test_quiet_says_nothing(stream: io.StringIO) -> None:
    clock = Clock()
    progress = Progress(quiet=True, stream=stream, clock=clock)
    progress.say("hello")
    run(progress, clock, total=50, done=0, seconds=1.0)
    assert stream.getvalue() == ""


@pytest.fixture
def bar(monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, str]], str]:
    def draw(environment: dict[str, str]) -> str:
        for name in ("NO_COLOR", "FORCE_COLOR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in {"TERM": "xterm", "COLUMNS": "120", **environment}.items():
            monkeypatch.setenv(name, value)
        stream, clock = Terminal(), Clock()
        run(Progress(stream=stream, clock=clock), clock, total=20, done=4, seconds=0.5)
        return stream.getvalue()

    return draw


def test_a_terminal_gets_a_bar(bar: Callable[[dict[str, str]], str]) -> None:
    drawn = bar({})
    assert "20/20 steps, 2.0/s, took 8 s" in drawn
    assert "━" in drawn
    assert re.search(r"\x1b\[[\d;]*[39]\d", drawn)


def test_no_color_is_honoured(bar: Callable[[dict[str, str]], str]) -> None:
    drawn = bar({"NO_COLOR": "1"})
    assert "20/20 steps" in drawn
    assert not re.search(r"\x1b\[[\d;]*[39]\d", drawn)


def test_a_dumb_terminal_gets_lines(bar: Callable[[dict[str, str]], str]) -> None:
    assert bar({"TERM": "dumb"}) == "search 20/20 steps, 2.0/s, took 8 s\n"


def test_standard_output_stays_the_callers(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(stream=Terminal()).task("search", 1) as tick:
        print("result")
        tick()
    assert capsys.readouterr().out == "result\n"
