"""Builds random networks, of the kinds of layers and the ways to write them that real ones have,
and holds what compresses them to: captured and equal, or refused in a line.

    python tools/fuzz_teachers.py [--count 10000] [--seed 0] [--start 0] [--jobs 1]
                                  [--seconds 86400] [--packs 1] [--exports 100]

Network N of a seed is always the same: `--start N --count 1` makes it again. Each is quantized at
20 bits in both schemes: it answers as it did, and every weight of a product is found. Every
`--packs`th is written as a file and loaded, bit for bit the same, and every `--exports`th is
exported and run elsewhere. Prints the rate, counts, and each kind of failure once, with the
network of fewest parts that shows it; the exit code is 1 if there is any.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from random import Random

import torch
import torch._dynamo

from fuzzing.bench import Stage, arguments, benches
from fuzzing.campaign import Tally, campaign
from fuzzing.networks import draft, network
from fuzzing.shrink import lines, without_pieces
from fuzzing.students import check_captured, check_files, check_packed


def run(
    seed: int,
    packs: int,
    exports: int,
    start: int,
    count: int,
    known: Collection[str] = (),
) -> Tally:
    """Networks `start` to `start + count` of a seed, in this process. The kinds of failure that
    are `known` are only counted."""
    tally = Tally()
    torch.set_num_threads(1)
    shares: dict[Stage, int] = {check_captured: 1, check_packed: packs, check_files: exports}
    # What torch.export remembers is for large networks, which repeat much.
    forgetting = torch._dynamo.config.patch(fake_tensor_cache_enabled=False)
    with forgetting, benches(network, seed, start, count) as found:
        for bench in found:
            stages = [stage for stage, share in shares.items() if bench.index % share == 0]
            text = draft(Random(bench.chance))
            bench.trial(tally, text, stages, known, [without_pieces(lines)])
    return tally


def main() -> None:
    args = arguments(__doc__, packs=1, exports=100)
    again = f"--seed {args.seed} --count 1 --start"
    work = partial(run, args.seed, args.packs, args.exports)
    campaign(work, args.start, args.count, args.jobs, args.seconds, again)


if __name__ == "__main__":
    main()
