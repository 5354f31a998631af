"""One input of a campaign, through its stages; the smallest one that fails like it."""

from __future__ import annotations

import argparse
import gc
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import attrs

from fuzzing.campaign import Failure, Tally, guarded
from fuzzing.shrink import Way, minimised

SECONDS = 20.0  # of CPU time for one input

Read = Callable[[str], Any]  # what a text stands for; None where it is refused, as it may be
Stage = Callable[[Any, Random, Path], Counter[str]]  # raises for what is wrong


@attrs.define
class Bench:
    """Where one input is tried; `chance` is the seed of all that is drawn on the way."""

    read: Read
    chance: str
    index: int
    folder: Path
    counts: Counter[str] = attrs.field(factory=Counter)
    stage: Sequence[Stage] = ()  # the one that was begun last

    def failure(self, text: str, stages: Sequence[Stage]) -> Failure | None:
        return guarded(lambda: self._judge(text, stages), SECONDS, self.index, text)

    def again(self, text: str) -> Failure | None:
        """What another text breaks, in the stage that failed."""
        return Bench(self.read, self.chance, self.index, self.folder).failure(text, self.stage)

    def _judge(self, text: str, stages: Sequence[Stage]) -> None:
        found = self.read(text)
        if found is None:
            self.counts["refused"] += 1
            return
        self.counts["sound"] += 1
        for stage in stages:
            self.stage = (stage,)
            self.counts.update(stage(found, Random(self.chance), self.folder))

    def trial(
        self,
        tally: Tally,
        text: str,
        stages: Sequence[Stage],
        known: Collection[str],
        ways: Sequence[Way] | None = None,
    ) -> None:
        """Adds to `tally` what comes of a text; of a kind of failure that is not `known` the
        smallest text."""
        began = time.process_time()
        found = self.failure(text, stages)
        tally.add(Tally(1, self.counts, (time.process_time() - began, self.index)))
        if found:
            tally.counts["failed"] += 1
        if found and found.kind not in {*known, *tally.failures}:
            tally.failures[found.kind] = minimised(found, self.again, ways)


@contextmanager
def benches(read: Read, seed: int, start: int, count: int) -> Iterator[Iterator[Bench]]:
    """Those of inputs `start` to `start + count` of a seed, in a folder of their own; what is
    imported by then is not looked through for garbage."""
    gc.freeze()
    try:
        with TemporaryDirectory() as folder:
            yield (
                Bench(read, f"{seed}:{index}", index, Path(folder))
                for index in range(start, start + count)
            )
    finally:
        gc.unfreeze()


def arguments(about: str | None, **others: int) -> argparse.Namespace:
    """Those that all campaigns have, and others with their defaults."""
    parser = argparse.ArgumentParser(
        description=about, formatter_class=argparse.RawTextHelpFormatter
    )
    defaults = {"count": 10_000, "seed": 0, "start": 0, "jobs": 1, "seconds": 86_400, **others}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()
