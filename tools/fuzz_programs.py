"""Writes small valid programs of the language, of the shapes that real nets have, and puts each
through all that can be done with a program.

    python tools/fuzz_programs.py [--count 10000] [--seed 0] [--start 0] [--jobs 1]
                                  [--seconds 86400] [--nets 14] [--edits 20] [--exports 400]

Program N of a seed is always the same: `--start N --count 1` makes it again. Each is checked,
formatted, counted, costed, sampled, encoded, mutated, compared, drawn and written as a genotype;
those with few architectures are listed, and counts, costs, means and samples compared with the
list. Every `--nets`th goes through torch, every `--edits`th through `fix` and the language
server, and every `--exports`th is run as files. Prints the rate, counts, and each kind of failure
once, with the smallest program found that shows it; the exit code is 1 if there is any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from functools import partial
from pathlib import Path
from random import Random

from autorecon import Space, SpaceError, loads
from fuzzing.bench import Stage, arguments, benches
from fuzzing.campaign import Tally, campaign
from fuzzing.exact import check_exact
from fuzzing.language import check_language
from fuzzing.programs import program


def sound(text: str) -> Space | None:
    try:
        return loads(text)
    except SpaceError:
        return None


def language(space: Space, random: Random, folder: Path) -> Counter[str]:
    check_language(space, random, folder)
    return Counter()


def exact(space: Space, random: Random, folder: Path) -> Counter[str]:
    return Counter({"architectures listed": check_exact(space, random)})


def nets(space: Space, random: Random, folder: Path) -> Counter[str]:
    from fuzzing.nets import check_nets  # torch, which most programs do without

    compared = check_nets(space, random)
    return Counter({"through torch": int(compared > 0), "nets compared": compared})


def tools(space: Space, random: Random, folder: Path) -> Counter[str]:
    from fuzzing.editing import check_editing

    return Counter({"edited": check_editing(space, random, folder)})


def files(space: Space, random: Random, folder: Path) -> Counter[str]:
    from fuzzing.exported import check_exported

    return Counter({"exported": check_exported(space, random, folder)})


def run(
    seed: int,
    every: int,
    start: int,
    count: int,
    known: Collection[str] = (),
    *,
    edits: int = 20,
    exports: int = 400,
) -> Tally:
    """Programs `start` to `start + count` of a seed, in this process. The kinds of failure that
    are `known` are only counted."""
    tally = Tally()
    shares: dict[Stage, int] = {language: 1, exact: 1, nets: every, tools: edits, files: exports}
    with benches(sound, seed, start, count) as found:
        for bench in found:
            stages = [stage for stage, share in shares.items() if bench.index % share == 0]
            bench.trial(tally, program(Random(bench.chance)), stages, known)
    return tally


def main() -> None:
    args = arguments(__doc__, nets=14, edits=20, exports=400)
    again = f"--seed {args.seed} --count 1 --start"
    work = partial(run, args.seed, args.nets, edits=args.edits, exports=args.exports)
    campaign(work, args.start, args.count, args.jobs, args.seconds, again)


if __name__ == "__main__":
    main()
