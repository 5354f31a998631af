"""Writes small valid programs of the language, of the shapes that real nets have, and puts each
through all that can be done with a program.

    python tools/fuzz_programs.py [--count 10000] [--seed 0] [--start 0] [--jobs 1]
                                  [--seconds 86400] [--nets 7]

Program N of a seed is always the same: `--start N --count 1` makes it again. Each is checked,
formatted, counted, costed, sampled, encoded, mutated, compared, drawn and written as a genotype; those
with few architectures are listed, and every count, cost, mean and sample compared with the list.
Every `--nets`th goes through torch. Prints the rate, counts, and each kind of failure once, with the
smallest program found that shows it; the exit code is 1 if there is any.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from autorecon import Space, SpaceError, loads
from fuzzing.campaign import Failure, Tally, campaign, guarded
from fuzzing.exact import check_exact
from fuzzing.language import check_language
from fuzzing.programs import program
from fuzzing.shrink import minimised

SECONDS = 20.0  # of CPU time for one program


def judge(text: str, chance: str, nets: bool, folder: Path) -> Counter[str]:
    """What was done with a program; raises for what is wrong. `chance` is the seed of all that is
    drawn on the way."""
    done: Counter[str] = Counter()
    try:
        space = loads(text)
    except SpaceError:
        return Counter(refused=1)
    done["sound"] += 1
    check_language(space, Random(chance), folder)
    done["architectures listed"] += check_exact(space, Random(chance))
    return done


def run(seed: int, nets: int, start: int, count: int) -> Tally:
    """Programs `start` to `start + count` of a seed, in this process."""
    tally = Tally()
    with TemporaryDirectory() as folder:
        for index in range(start, start + count):
            one(tally, f"{seed}:{index}", index, index % nets == 0, Path(folder))
    return tally


def one(tally: Tally, chance: str, index: int, nets: bool, folder: Path) -> None:
    began = time.process_time()
    text = program(Random(chance))
    found = failure(tally.counts, text, chance, index, nets, folder)
    tally.inputs += 1
    tally.slowest = max(tally.slowest, (time.process_time() - began, index))
    if found and found.kind not in tally.failures:
        tally.failures[found.kind] = minimised(
            found, lambda text: failure(Counter(), text, chance, index, nets, folder)
        )


def failure(
    counts: Counter[str], text: str, chance: str, index: int, nets: bool, folder: Path
) -> Failure | None:
    def work() -> None:
        counts.update(judge(text, chance, nets, folder))

    return guarded(work, SECONDS, index, text)


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
