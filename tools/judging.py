"""How well a selection's judges tell which student knows more of real images.

    python tools/judging.py --bits w2a4 --budget 0.5

Architectures are drawn from a space, each trained and compressed with as a selection's trial, with
a seed of its own, one thread each. Then the students are put in order by what a selection goes by,
the images of the other architectures, and by what it could go by instead; and each order is
compared, by Spearman's rank correlation, with that of their agreement with the teacher on 3,000
*training* images, which a data-free selection has not.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from random import Random

import click
import torch
from agreement import Bench, Command

from autorecon.compress import CompressConfig
from autorecon.compress.batch import Batch
from autorecon.graph import Space
from autorecon.graph.sample import ValidArchitectures
from autorecon.nn import Compute
from autorecon.objective import DivergedError
from autorecon.study.budget import scaled
from autorecon.workflow import select
from autorecon.workflow.config import RunConfig, SelectConfig, SpaceConfig, TeacherConfig
from autorecon.workflow.prepare import Prepared, prepare

HUMAN = "gdfq-cifar"


@torch.no_grad()
def same_answer(trial: select.Tried, batches: Sequence[Batch]) -> float:
    """In percent, on how many of the images student and teacher name the same class."""
    answers = [trial.student(batch.images).argmax(1) == batch.logits.argmax(1) for batch in batches]
    return 100 * float(torch.cat(answers).float().mean())


def orders(tried: Sequence[select.Tried], human: select.Tried) -> dict[str, list[float]]:
    """What each student comes to, by what it is judged by."""
    others = [
        [batch for trial in tried if trial is not own for batch in trial.batches] for own in tried
    ]
    return {
        "the others' images, as select judges": [
            found for (found,) in select.judged([[trial] for trial in tried], Compute())
        ],
        "the same answer on the others' images": [
            same_answer(trial, seen) for trial, seen in zip(tried, others, strict=True)
        ],
        f"the same answer on images of {HUMAN}": [
            same_answer(trial, human.batches) for trial in tried
        ],
        "the same answer on its own images": [same_answer(trial, trial.batches) for trial in tried],
    }


def ranks(values: Sequence[float]) -> list[float]:
    """From 1; what is equal shares the mean of its ranks."""
    return [
        (sum(other < value for other in values) + sum(other <= value for other in values) + 1) / 2
        for value in values
    ]


def spearman(first: Sequence[float], second: Sequence[float]) -> float:
    """The rank correlation of two orders; 0 where one of them tells nothing apart."""
    one, other = ranks(first), ranks(second)
    if len(set(one)) == 1 or len(set(other)) == 1:
        return 0.0
    return statistics.correlation(one, other)


def draw(space: Space, count: int, seed: int) -> list[Space]:
    """At most `count` architectures that make different generators."""
    architectures, random, found = ValidArchitectures(space), Random(f"judging {seed}"), {}
    for _ in range(50 * count):
        picks = architectures.sample(random)
        found.setdefault(space.liveness.canonical(picks), picks)
        if len(found) == count:
            break
    return [space.genotype(picks) for picks in found.values()]


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("file", default="autorecon", metavar="[SPACE]")
@click.option("--teacher", "name", default="resnet20-fashion16", show_default=True)
@click.option("--method", default="gdfq", show_default=True)
@click.option("--bits", default="w2a4", show_default=True)
@click.option("--count", type=click.IntRange(3), default=24, show_default=True, help="Of drawn.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--budget", default=0.25, show_default=True, help="Multiplies all steps.")
def main(
    file: str, name: str, method: str, bits: str, count: int, seed: int, budget: float
) -> None:
    """Compare what a selection could judge students by, over architectures drawn of SPACE."""
    if not 0 < budget < 1e6:
        raise click.BadParameter("must be above 0, and finite", param_hint="--budget")
    torch.set_num_threads(1)
    config = RunConfig(
        command="search",
        space=SpaceConfig(file=file, baseline=HUMAN),
        teacher=TeacherConfig(name),
        select=SelectConfig(candidates=count, budget=1.0),
        compress=CompressConfig(method=method, bits=bits, epochs=1),
    )
    prepared = prepare(scaled(config, budget))
    bench, spaces = Bench(prepared, False), draw(prepared.space, count, seed)
    assert prepared.baseline is not None
    human = _done(prepared, prepared.baseline, seed)
    tried, real = [], []
    for number, space in enumerate(spaces, 1):
        told = f"{number} of {len(spaces)}: {', '.join(space.program.chosen.values())}"
        try:
            tried.append(_done(prepared, space, seed + number))
        except DivergedError as error:
            click.echo(f"{told}: left out, {error}")
            continue
        real.append(bench.measure(tried[-1].student))
        click.echo(f"{told}: {real[-1]:.2f} % of real images")
    if len(real) < 2:
        raise click.ClickException("fewer than two are there to compare: draw more with --count")
    click.echo(f"\nall {len(real)}: mean {statistics.fmean(real):.2f}, best {max(real):.2f}")
    for by, values in orders(tried, human).items():
        best = real[max(range(len(values)), key=values.__getitem__)]
        click.echo(f"{by}: rank correlation {spearman(values, real):+.2f}, its best {best:.2f}")


def _done(prepared: Prepared, space: Space, seed: int) -> select.Tried:
    stage = select.trial(prepared, space, seed, f"seed{seed}")
    stage.run_epoch(0, lambda: None)
    return select.left(stage, prepared.config.select.images)


if __name__ == "__main__":
    main()
