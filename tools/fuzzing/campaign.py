"""Inputs by the hundred thousand, in one process or several, and what came of them."""

from __future__ import annotations

import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import attrs

CHUNK = 100


class Hang(BaseException):
    """An input takes too long; no `except Exception` on the way holds it up."""


@attrs.frozen
class Failure:
    """What went wrong and where in the code, with the input that showed it."""

    kind: str
    details: str
    index: int
    text: str


@attrs.define
class Tally:
    """What a run of inputs came to; `counts` say more, each in its words."""

    inputs: int = 0
    counts: Counter[str] = attrs.field(factory=Counter)
    slowest: tuple[float, int] = (0.0, 0)  # seconds, input
    failures: dict[str, Failure] = attrs.field(factory=dict)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.counts.update(other.counts)
        self.slowest = max(self.slowest, other.slowest)
        self.failures = {**other.failures, **self.failures}

    @property
    def summary(self) -> str:
        slowest, index = self.slowest
        counts = "".join(f", {number:,} {what}" for what, number in self.counts.items())
        return (
            f"{self.inputs:,} inputs{counts}; slowest {slowest:.2f} s (input {index}); "
            f"{len(self.failures)} kinds of failure"
        )


def guarded(work: Callable[[], Any], seconds: float, index: int, text: str) -> Failure | None:
    """What the work breaks, if it does, or that it takes more CPU time than this."""
    before = signal.signal(signal.SIGVTALRM, _hang)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        work()
    except (Exception, Hang) as error:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        return Failure(_kind(error), _details(error), index, text)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
    return None


def _hang(signum: int, frame: FrameType | None) -> NoReturn:
    raise Hang("more CPU time than an input may take")


def _kind(error: BaseException) -> str:
    """The exception and the place in the project that it comes from; where one says its kind
    itself, that."""
    said = getattr(error, "kind", None)
    if said or isinstance(error, Hang):
        return said or type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "autorecon" in f.filename] or frames
    return f"{type(error).__name__} in {Path(own[-1].filename).name}:{own[-1].name}"


def _details(error: BaseException) -> str:
    return "".join(traceback.format_exception(error, limit=-4))


# Of `count` inputs from `start` on; of the kinds of failure that are known already no more is told.
Run = Callable[[int, int, Collection[str]], Tally]


def campaign(run: Run, start: int, count: int, jobs: int, seconds: float, again: str) -> NoReturn:
    """Run inputs in chunks, show what comes of them as it comes, and exit: 1 if any fails.

    `again` is how an input is given once more, with the number behind it.
    """
    tally, began, shown = Tally(), time.monotonic(), 0.0
    chunks = _chunks(start, count, began + seconds)
    for part in _results(run, jobs, chunks, tally.failures):
        for kind in part.failures.keys() - tally.failures.keys():
            _show(part.failures[kind], again)
        tally.add(part)
        if time.monotonic() - shown > 60:
            shown = time.monotonic()
            _report(tally, shown - began)
    _report(tally, time.monotonic() - began)
    sys.exit(1 if tally.failures else 0)


def _report(tally: Tally, seconds: float) -> None:
    print(f"{tally.inputs / seconds:,.0f} a second: {tally.summary}", flush=True)


def _chunks(start: int, count: int, ends: float) -> Iterator[tuple[int, int]]:
    for place in range(start, start + count, CHUNK):
        if time.monotonic() > ends:
            return
        yield place, min(CHUNK, start + count - place)


def _results(
    run: Run, jobs: int, chunks: Iterator[tuple[int, int]], known: Collection[str]
) -> Iterator[Tally]:
    """Of each chunk; a few are handed out ahead, so that an end in time is kept."""
    if jobs == 1:
        yield from (run(*chunk, known) for chunk in chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run, *chunk, ()) for chunk in _first(chunks, 2 * jobs)]
        while waiting:
            yield waiting.pop(0).result()
            waiting += [pool.submit(run, *chunk, set(known)) for chunk in _first(chunks, 1)]


def _first(chunks: Iterator[tuple[int, int]], count: int) -> Iterator[tuple[int, int]]:
    for _, chunk in zip(range(count), chunks, strict=False):
        yield chunk


def _show(found: Failure, again: str) -> None:
    print(f"FAILED {found.kind} ({again} {found.index})", flush=True)
    print(f"{found.details}{found.text}\n", flush=True)
