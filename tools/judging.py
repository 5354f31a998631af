"""How well a selection's exam tells which student knows more of real images.

    python tools/judging.py --bits w2a4 --budget 0.25

Architectures are drawn from a space, each trained and compressed with as a selection's trial, with
a seed of its own, one thread each. Then groups of five are put in order by what a selection goes
by, images of all five, and by what it could go by instead. Each order is compared with that of the
students' agreement with the teacher on 3,000 *training* images, which a data-free selection has
not: by Spearman's rank correlation, and by that agreement of the student that comes out first.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Sequence
from random import Random

import attrs
import click
import torch
from torch import Tensor, fx, nn

from agreement import Bench, Command, configured
from autorecon.auto.judge import exam
from autorecon.compress.engine.comparison import captured
from autorecon.compress.reconstruction import fidelity
from autorecon.graph import Space
from autorecon.graph.sampling.sample import ValidArchitectures
from autorecon.nn import Compute
from autorecon.objective import DivergedError
from autorecon.study.budget import scaled
from autorecon.study.statistics import spearman
from autorecon.workflow import select
from autorecon.workflow.config import RunConfig, SelectConfig, SpaceConfig, TeacherConfig
from autorecon.workflow.prepare import Prepared, prepare

HUMAN = "gdfq-cifar"
GROUP, GROUPS = 5, 500


@attrs.frozen
class Marks:
    """How students do on the images of each generator: `agreement` as a selection has it and the
    share of `same` answers, in percent, by student and generator; and each generator's `weight`,
    the sum of those of its images. Then, by student, what `auto` goes by, how much of the teacher's
    `layers` it gives on pixels that nobody learned from, and the `pixels`' agreement."""

    agreement: list[list[float]]
    same: list[list[float]]
    weight: list[float]
    layers: list[float]
    pixels: list[float]

    def of(self, student: int, generators: Sequence[int]) -> float:
        """The agreement on the images of several generators together."""
        weights = [self.weight[generator] for generator in generators]
        found = [self.agreement[student][generator] for generator in generators]
        return sum(w * f for w, f in zip(weights, found, strict=True)) / sum(weights)

    def same_of(self, student: int, generators: Sequence[int]) -> float:
        """The share of same answers; all generators draw as many images."""
        return statistics.fmean(self.same[student][generator] for generator in generators)


@torch.no_grad()
def marks(
    students: Sequence[select.Outcome],
    generators: Sequence[select.Outcome],
    layers: Sequence[float],
    pixels: tuple[Tensor, Tensor],
) -> Marks:
    """Of students, on images of generators, and on pixels with the teacher's answers to them."""
    compute = Compute()
    return Marks(
        [
            [select.agreement(one.student, by.drawn, compute) for by in generators]
            for one in students
        ],
        [[same_answer(one.student, by.drawn) for by in generators] for one in students],
        [
            float(sum(select.weighed(logits)[0].sum() for _, logits in by.drawn))
            for by in generators
        ],
        list(layers),
        [select.agreement(one.student, [pixels], compute) for one in students],
    )


@torch.no_grad()
def explained(student: nn.Module, prepared: Prepared, images: Tensor) -> float:
    """How much of what the teacher's layers give its layers give, in percent."""
    assert isinstance(student, fx.GraphModule)
    taught = captured(prepared.teacher.module, student, prepared.config.compress)
    return fidelity(student, taught, [images])


@torch.no_grad()
def same_answer(student: nn.Module, drawn: Sequence[tuple[Tensor, Tensor]]) -> float:
    """In percent, on how many of the images student and teacher name the same class."""
    answers = [student(images).argmax(1) == logits.argmax(1) for images, logits in drawn]
    return 100 * float(torch.cat(answers).float().mean())


Order = Callable[[Marks, Sequence[int], int], float]

# What a student of a group comes to; the human-designed generator is the last of all.
ORDERS: dict[str, Order] = {
    "agreement, images of all (the selection)": lambda m, group, one: m.of(one, group),
    "agreement, images of the others": lambda m, group, one: m.of(one, without(group, one)),
    "agreement, its own images": lambda m, group, one: m.of(one, [one]),
    f"agreement, images of {HUMAN}": lambda m, group, one: m.of(one, [-1]),
    "same answers, images of all": lambda m, group, one: m.same_of(one, group),
    f"same answers, images of {HUMAN}": lambda m, group, one: m.same_of(one, [-1]),
    "layers, pixels (`auto`)": lambda m, group, one: m.layers[one],
    "agreement, pixels": lambda m, group, one: m.pixels[one],
}


def without(group: Sequence[int], one: int) -> list[int]:
    return [other for other in group if other != one]


def compared(
    found: Marks, real: Sequence[float], groups: Sequence[Sequence[int]]
) -> Iterator[tuple[str, float, float]]:
    """Of each order, over all groups, the mean rank correlation with what students agree on of
    `real` images, and the mean of that of those that come out first."""
    for name, order in ORDERS.items():
        correlations, first = [], []
        for group in groups:
            values = [order(found, group, one) for one in group]
            true = [real[one] for one in group]
            correlations.append(spearman(values, true))
            first.append(true[max(range(len(group)), key=values.__getitem__)])
        yield name, statistics.fmean(correlations), statistics.fmean(first)


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
@click.option(
    "--count", type=click.IntRange(GROUP), default=24, show_default=True, help="Of drawn."
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@click.option("--with", "given", default="", help="'KEY=VALUE ...', settings of `compress`.")
@click.option("--budget", default=0.25, show_default=True, help="Multiplies all steps.")
@click.option(
    "--images",
    type=click.IntRange(1),
    default=SelectConfig().images,
    show_default=True,
    help="That each generator draws, at least.",
)
def main(
    file: str, name: str, method: str, bits: str, count: int, seed: int, given: str, budget: float,
    images: int
) -> None:  # fmt: skip
    """Compare what a selection could judge students by, over architectures drawn of SPACE."""
    if not 0 < budget < 1e6:
        raise click.BadParameter("must be above 0, and finite", param_hint="--budget")
    torch.set_num_threads(1)
    config = RunConfig(
        command="search",
        space=SpaceConfig(file=file, baseline=HUMAN),
        teacher=TeacherConfig(name),
        select=SelectConfig(candidates=count, budget=1.0, images=images),
        compress=configured(method, bits, given),
    )
    prepared = prepare(scaled(config, budget))
    bench, spaces = Bench(prepared, False), draw(prepared.space, count, seed)
    assert prepared.baseline is not None
    # Before the others, so that none of their work is lost where it diverges.
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
    if len(real) < GROUP:
        raise click.ClickException(f"{len(real)} came to an end, of {GROUP} needed: raise --count")
    random = Random(f"groups {seed}")
    groups = [random.sample(range(len(real)), GROUP) for _ in range(GROUPS)]
    best = statistics.fmean(max(real[one] for one in group) for group in groups)
    click.echo(f"\n{GROUPS} groups of {GROUP}: mean {statistics.fmean(real):.2f}, best {best:.2f}")
    click.echo(f"{'judged by':42}correlation  its first")
    shown = exam(prepared.teacher)
    layers = [explained(one.student, prepared, shown) for one in tried]
    with torch.no_grad():
        pixels = shown, prepared.teacher.module(shown)
    found = marks(tried, [*tried, human], layers, pixels)
    for name, correlation, first in compared(found, real, groups):
        click.echo(f"{name:42}{correlation:11.2f}{first:11.2f}")


def _done(prepared: Prepared, space: Space, seed: int) -> select.Outcome:
    stage = select.short_compression(prepared, space, seed, f"seed{seed}")
    stage.run_epoch(0, lambda: None)
    return select.outcome_of(stage, prepared.config.select.images)


if __name__ == "__main__":
    main()
