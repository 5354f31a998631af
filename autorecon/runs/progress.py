"""How far long work has got: a bar on a terminal or in a notebook, plain lines elsewhere."""

from __future__ import annotations

import contextlib
import html
import os
import sys
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import TextIO

import attrs

from autorecon.lang.wording import visible

_LINE_EVERY = 10.0  # seconds
_DRAWN_EVERY = 0.2


@attrs.define
class Meter:
    """Counts steps of which `done` were made earlier; `clock` gives seconds."""

    total: int
    done: int
    clock: Callable[[], float]
    _made: int = attrs.field(default=0, init=False)
    _start: float = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._start = self.clock()

    def step(self) -> None:
        self.done += 1
        self._made += 1

    def seconds(self) -> float:
        """Seconds since this meter began."""
        return self.clock() - self._start

    def status(self) -> str:
        """As in "120/600 steps, 8.1/s, 59 s left"; what was done earlier has no part in the rate.

        Without a rate yet, only the count; at the end, the time taken instead of the time left;
        of no steps, the time alone.
        """
        if not self.total:
            return f"took {duration(self.seconds())}"
        count = f"{self.done}/{self.total} steps"
        seconds = self.seconds()
        if not self._made or seconds <= 0:
            return count
        rate = self._made / seconds
        if self.done >= self.total:
            return f"{count}, {_short(rate)}/s, took {duration(seconds)}"
        return f"{count}, {_short(rate)}/s, {duration((self.total - self.done) / rate)} left"


@attrs.define
class Progress:
    """Where progress goes: `stream`, by default standard error; nowhere if `quiet`."""

    quiet: bool = False
    stream: TextIO = attrs.field(factory=lambda: sys.stderr)
    clock: Callable[[], float] = time.monotonic

    def say(self, line: str) -> None:
        """One line of its own. Not while a task is running."""
        if not self.quiet:
            print(visible(line), file=self.stream, flush=True)

    @contextlib.contextmanager
    def task(self, name: str, total: int, done: int = 0) -> Iterator[Callable[[], None]]:
        """Show `total` steps, `done` of them made already; call what this gives after each."""
        meter = Meter(total, done, self.clock)
        if self.quiet:
            yield meter.step
        elif self._is_terminal():
            with self._bar(name, meter) as tick:
                yield tick
        elif self.stream is sys.stderr and in_notebook():
            with self._cell(name, meter) as tick:
                yield tick
        else:
            with self._lines(name, meter) as tick:
                yield tick

    def _is_terminal(self) -> bool:
        return self.stream.isatty() and os.environ.get("TERM") != "dumb"

    @contextlib.contextmanager
    def _lines(self, name: str, meter: Meter) -> Iterator[Callable[[], None]]:
        last = 0.0
        said = -1

        def tick() -> None:
            nonlocal last, said
            meter.step()
            if meter.seconds() - last < _LINE_EVERY:
                return
            last, said = meter.seconds(), meter.done
            self.say(f"{name} {meter.status()}")

        yield tick
        if said != meter.done:
            self.say(f"{name} {meter.status()}")

    @contextlib.contextmanager
    def _cell(self, name: str, meter: Meter) -> Iterator[Callable[[], None]]:
        """One output of a notebook's cell, drawn anew in its place."""
        display = import_module("IPython.display").display
        handle = display(_drawn(name, meter), raw=True, display_id=True)
        last = 0.0

        def tick() -> None:
            nonlocal last
            meter.step()
            if meter.seconds() - last < _DRAWN_EVERY:
                return
            last = meter.seconds()
            handle.update(_drawn(name, meter), raw=True)

        yield tick
        handle.update(_drawn(name, meter), raw=True)

    @contextlib.contextmanager
    def _bar(self, name: str, meter: Meter) -> Iterator[Callable[[], None]]:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as RichProgress

        console = Console(file=self.stream, no_color=bool(os.environ.get("NO_COLOR")))
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"))
        # Standard output stays the caller's: it may be read by a script.
        with RichProgress(*columns, console=console, redirect_stdout=False) as bars:
            task = bars.add_task(
                escape(visible(name)), total=meter.total, completed=meter.done, at=meter.status()
            )

            def tick() -> None:
                meter.step()
                bars.update(task, completed=meter.done, at=meter.status())

            yield tick
            bars.update(task, at=meter.status())


def in_notebook() -> bool:
    """Whether this runs in the kernel of one, which then has imported IPython."""
    ipython = sys.modules.get("IPython")
    shell = ipython and ipython.get_ipython()
    return hasattr(shell, "kernel")


def _drawn(name: str, meter: Meter) -> dict[str, str]:
    """A bar and its figures as a page has them, and as a line of text."""
    line = visible(f"{name} {meter.status()}")
    total = max(meter.total, 1)
    bar = f"<progress max='{total}' value='{meter.done if meter.total else total}'></progress>"
    return {"text/plain": line, "text/html": f"{bar} {html.escape(line)}"}


def _short(rate: float) -> str:
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.2g}" if rate < 1 else f"{rate:.1f}"


def duration(seconds: float) -> str:
    """As in "8.3 s", "59 s", "12 min" or "3 h 05 min"."""
    if seconds < 100:
        return f"{round(seconds, seconds < 10):g} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
