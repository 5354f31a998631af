"""Parts of a run that need nothing of each other, done side by side before the run comes to them.

Small nets gain little by a second thread, and lose much by it where other work has a processor;
they gain all of one by a second process. A process leaves checkpoints and nothing else. The run
goes on from these by itself, so that what it writes is written in one place and one order, and
what goes wrong with a part goes wrong again where it is dealt with.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import attrs
import torch

from autorecon.runs import Pool, Progress, RunFolder, Stage, drive
from autorecon.workflow.prepare import Prepared

Open = Callable[[], tuple[RunFolder, Prepared]]

_EVERY = 10.0  # seconds

WORTH = 40
"""Steps of a part under which a process is not worth its start, some seconds."""


@attrs.frozen
class Part:
    """A stage, of so many `ticks`, that another process can make in the run's folder.

    One that is `done` counts for how the machine is shared, so that it is so after an interruption.
    """

    name: str
    ticks: int
    make: Callable[[RunFolder, Prepared], Stage] = attrs.field(repr=False)
    done: bool = False


@attrs.frozen
class Ahead:
    """Does parts of the run that `open` opens in `jobs` processes, which share torch's threads.

    With None these are as many as the threads, as memory allows and where it is worth it; with one,
    and on a device that all would share, nothing is done ahead.
    """

    open: Open | None = None
    jobs: int | None = None

    def __call__(
        self, folder: RunFolder, what: str, parts: Sequence[Part], progress: Progress
    ) -> None:
        """Drive all parts, which are `what`, as far as that goes; nothing is raised of theirs."""
        jobs, threads = self._shared(folder, parts)
        left = [part for part in parts if not part.done]
        if self.open is None or jobs < 2 or not left:
            return
        with Pool(partial(_drive, self.open, threads), jobs) as pool:
            failed = _all(pool, what, left, progress)
        for line in failed:
            progress.say(line)

    def _shared(self, folder: RunFolder, parts: Sequence[Part]) -> tuple[int, int]:
        """How many processes there are, and how many threads each has."""
        threads = torch.get_num_threads()
        jobs = max(1, min(self.jobs or threads, len(parts)))
        if self.jobs is not None:
            return jobs, max(1, threads // jobs)
        worth = folder.config.get("device") == "cpu" and all(part.ticks >= WORTH for part in parts)
        # What a run is told that it may take is measured out for one process.
        worth = worth and not folder.config.get("memory", {}).get("limit")
        return min(jobs, _room()) if worth else 1, max(1, threads // jobs)


ALONE = Ahead()
"""Does nothing ahead."""


def _all(pool: Pool[Part, None], what: str, parts: Sequence[Part], progress: Progress) -> list[str]:
    """Have all parts done; gives what is to be said of those whose process ended."""
    waiting, shares, failed = deque(parts), {part.name: 0.0 for part in parts}, []
    total, ticked = sum(part.ticks for part in parts), 0
    with progress.task(f"{len(parts)} {what}, {pool.jobs} at a time", total) as tick:
        while waiting or pool.running:
            while waiting and pool.free:
                pool.give(waiting.popleft())
            for part, event in pool.events(_EVERY):
                shares[part.name] = event if isinstance(event, float) else 1.0
                if isinstance(event, str):
                    failed.append(f"{part.name}: {event}; it goes on in this one")
            made = round(sum(shares[part.name] * part.ticks for part in parts))
            for _ in range(made - ticked):
                tick()
            ticked = max(ticked, made)
    return failed


def _drive(open: Open, threads: int, part: Part, progress: Progress) -> None:
    with contextlib.suppress(Exception):
        folder, prepared = _opened(open)
        torch.set_num_threads(threads)
        drive(part.make(folder, prepared), folder, progress, apart=True)


@cache
def _opened(open: Open) -> tuple[RunFolder, Prepared]:
    return open()


def _room() -> int:
    """How many processes as large as this one has been have room in memory, of which the system may
    keep half; as many as one likes where that is not known."""
    try:
        largest = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
        free = re.search(r"MemAvailable:\s*(\d+) kB", Path("/proc/meminfo").read_text("utf-8"))
    except OSError:
        return 1024
    return int(free[1]) // (2 * int(largest[1])) if largest and free else 1024
