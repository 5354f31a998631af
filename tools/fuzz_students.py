"""Damages files of compressed models, and writes ones that mean harm: each is loaded as the same
student as before, or refused by an error of ours.

    python tools/fuzz_students.py [--count 10000] [--seed 0] [--start 0] [--jobs 1]
                                  [--seconds 86400]

File N of a seed is always the same: `--start N --count 1` makes it again. What is damaged by
accident, by bits, bytes, cuts, keeps its checksum: it must be the same student or refused. What is
made on purpose has none: another student may come of it, though one that answers with numbers;
never another exception, other code or much memory. Prints the rate, counts, and each kind of
failure once; the exit code is 1 if there is any.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection
from functools import cache, partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import torch

from fuzzing.bench import arguments
from fuzzing.campaign import Tally, campaign, guarded
from fuzzing.damaged_students import Damaged, Sample, check, damaged, samples

SECONDS = 5.0
"""Of a processor, for one file."""


@cache
def _samples() -> list[Sample]:
    torch.manual_seed(0)
    found = samples()
    gc.freeze()
    return found


def made(seed: int, index: int) -> tuple[Damaged, Random]:
    random = Random(f"{seed}:{index}")
    return damaged(random.choice(_samples()), random), random


def run(seed: int, start: int, count: int, known: Collection[str] = ()) -> Tally:
    """Files `start` to `start + count` of a seed, in this process. The kinds of failure that are
    `known` are only counted."""
    tally = Tally()
    torch.set_num_threads(1)
    _samples()
    with TemporaryDirectory() as folder:
        for index in range(start, start + count):
            found, random = made(seed, index)
            counts: Counter[str] = Counter()
            work = partial(_counted, counts, found, random, Path(folder))
            failure = guarded(work, SECONDS, index, found.what)
            tally.add(Tally(1, counts))
            if failure:
                tally.counts["failed"] += 1
            if failure and failure.kind not in {*known, *tally.failures}:
                tally.failures[failure.kind] = failure
    return tally


def _counted(counts: Counter[str], found: Damaged, random: Random, folder: Path) -> None:
    counts[check(found, random, folder)] += 1


def main() -> None:
    args = arguments(__doc__)
    again = f"--seed {args.seed} --count 1 --start"
    campaign(partial(run, args.seed), args.start, args.count, args.jobs, args.seconds, again)


if __name__ == "__main__":
    main()
