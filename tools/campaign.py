"""Lets the smallest jobs meet what people, disks and processes do to work, and looks what is left.

    python tools/campaign.py [--count 500] [--seed 0] [--start 0] [--jobs 1] [--kinds killed,full]
                             [--commands run,search,compress,study,auto]

Each trial lets one command meet one kind of mishap (tools/mishaps/kinds.py), and go on from what is
left. That ends in the same bytes as without, or in one clear line with an exit code; nothing is
lost, nothing left over, and there is no traceback. Trial N of a seed is always the same but for the
moments at which signals come: `--start N --count 1` tries it again. Prints each trial that went
wrong, then a table; the exit code is 1 if one did.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is loaded

import attrs

from mishaps.bench import COLUMNS, LEFT, LOST, SAME, TRACEBACK, Bench, Trial, Verdict, Wrong
from mishaps.jobs import JOBS
from mishaps.kinds import KINDS, jobs_for

BAD = (LOST, LEFT, TRACEBACK)


@attrs.frozen
class Outcome:
    index: int
    kind: str
    command: str
    verdict: Verdict


def attempt(bench: Bench, seed: int, kinds: Sequence[str], index: int) -> Outcome:
    """Trial `index` of a seed; its folder stays where it went wrong."""
    random = Random(f"{seed}:{index}")
    kind = kinds[index % len(kinds)]
    job = random.choice(jobs_for(kind, bench.known))
    trial = Trial.new(bench, job, f"trial-{index}", often=random.random() < 0.5)
    try:
        KINDS[kind](trial, random)
        verdict = Verdict(SAME)
    except Wrong as wrong:
        verdict = wrong.verdict
    if verdict.column not in BAD:
        shutil.rmtree(trial.here.parent)
    return Outcome(index, kind, job.name, verdict)


def outcomes(bench: Bench, args: argparse.Namespace) -> Iterator[Outcome]:
    one = partial(attempt, bench, args.seed, args.kinds)
    indices = range(args.start, args.start + args.count)
    if args.jobs == 1:
        yield from map(one, indices)
        return
    with ProcessPoolExecutor(args.jobs, multiprocessing.get_context("fork")) as pool:
        yield from pool.map(one, indices)


def table(counts: dict[str, Counter[str]]) -> str:
    """A row a kind, and all of them, as Markdown."""
    total: Counter[str] = sum(counts.values(), Counter())
    rows = [("kind", "tried", *COLUMNS), ("---", *["---:"] * (1 + len(COLUMNS)))]
    for kind, found in [*counts.items(), ("all", total)]:
        rows.append((kind, *map(str, (found.total(), *(found[c] for c in COLUMNS)))))
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _names(known: Sequence[str], text: str) -> list[str]:
    names = text.split(",")
    if wrong := set(names) - set(known):
        raise argparse.ArgumentTypeError(f"{min(wrong)} is none of {', '.join(known)}")
    return names


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, default in {"count": 500, "seed": 0, "start": 0, "jobs": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    commands = [job.name for job in JOBS]
    parser.add_argument("--kinds", type=partial(_names, list(KINDS)), default=list(KINDS))
    parser.add_argument("--commands", type=partial(_names, commands), default=commands)
    args = parser.parse_args()
    args.kinds = [kind for kind in args.kinds if jobs_for(kind, args.commands)]
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    root = Path(tempfile.mkdtemp(prefix="campaign-"))
    bench = Bench.made(root, [job for job in JOBS if job.name in args.commands])
    for outcome in outcomes(bench, args):
        counts[outcome.kind][outcome.verdict.column] += 1
        if outcome.verdict.column in BAD:
            place = f"--start {outcome.index}, {outcome.kind}, {outcome.command}, in {root}"
            print(f"{outcome.verdict.column.upper()} ({place}): {outcome.verdict.why}", flush=True)
    print(table(counts))
    bad = sum(found[column] for found in counts.values() for column in BAD)
    if not bad:
        shutil.rmtree(root)
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
