"""Writes small valid programs of the language, of the shapes that real nets have, and puts each
through all that can be done with a program.

    python tools/fuzz_programs.py [--count 10000] [--seed 0] [--start 0] [--jobs 1]
                                  [--seconds 86400] [--nets 7]

Program N of a seed is always the same: `--start N --count 1` makes it again. Each is checked,
formatted, counted, costed, sampled, encoded, mutated, compared, drawn and written as a genotype;
those with few architectures are listed, and counts, costs, means and samples compared with the
list. Every `--nets`th goes through torch. Prints the rate, counts, and each kind of failure once,
with the smallest program found that shows it; the exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import attrs

from autorecon import Space, SpaceError, loads
from fuzzing.campaign import Failure, Tally, campaign, guarded
from fuzzing.exact import check_exact
from fuzzing.language import check_language
from fuzzing.programs import program
from fuzzing.shrink import minimised

SECONDS = 20.0  # of CPU time for one program

Stage = Callable[[Space, Random, Path], Counter[str]]  # raises for what is wrong


def language(space: Space, random: Random, folder: Path) -> Counter[str]:
    check_language(space, random, folder)
    return Counter()


def exact(space: Space, random: Random, folder: Path) -> Counter[str]:
    return Counter({"architectures listed": check_exact(space, random)})


def nets(space: Space, random: Random, folder: Path) -> Counter[str]:
    from fuzzing.nets import check_nets  # torch, which most programs do without

    compared = check_nets(space, random)
    return Counter({"through torch": int(compared > 0), "nets compared": compared})


@attrs.define
class Bench:
    """Where one program is tried; `chance` is the seed of all that is drawn on the way."""

    chance: str
    index: int
    folder: Path
    counts: Counter[str] = attrs.field(factory=Counter)
    stage: Sequence[Stage] = ()  # the one that was begun last

    def failure(self, text: str, stages: Sequence[Stage]) -> Failure | None:
        return guarded(lambda: self._judge(text, stages), SECONDS, self.index, text)

    def again(self, text: str) -> Failure | None:
        """What another text breaks, in the stage that failed."""
        return Bench(self.chance, self.index, self.folder).failure(text, self.stage)

    def _judge(self, text: str, stages: Sequence[Stage]) -> None:
        try:
            space = loads(text)
        except SpaceError:
            self.counts["refused"] += 1
            return
        self.counts["sound"] += 1
        for stage in stages:
            self.stage = (stage,)
            self.counts.update(stage(space, Random(self.chance), self.folder))


def run(seed: int, every: int, start: int, count: int, known: Collection[str] = ()) -> Tally:
    """Programs `start` to `start + count` of a seed, in this process. The kinds of failure that
    are `known` are only counted."""
    tally = Tally()
    with TemporaryDirectory() as folder:
        for index in range(start, start + count):
            stages = (language, exact, nets) if index % every == 0 else (language, exact)
            _one(tally, Bench(f"{seed}:{index}", index, Path(folder)), stages, known)
    return tally


def _one(tally: Tally, bench: Bench, stages: Sequence[Stage], known: Collection[str]) -> None:
    began = time.process_time()
    found = bench.failure(program(Random(bench.chance)), stages)
    tally.add(Tally(1, bench.counts, (time.process_time() - began, bench.index)))
    if found:
        tally.counts["failed"] += 1
    if found and found.kind not in {*known, *tally.failures}:
        tally.failures[found.kind] = minimised(found, bench.again)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    defaults = {"count": 10_000, "seed": 0, "start": 0, "jobs": 1, "seconds": 86_400, "nets": 7}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    again = f"--seed {args.seed} --count 1 --start"
    work = partial(run, args.seed, args.nets)
    campaign(work, args.start, args.count, args.jobs, args.seconds, again)


if __name__ == "__main__":
    main()
