"""How far students come to agree with their teacher on real images, by what taught them.

    python tools/agreement.py gdfq-cifar real --method gdfq --method ait --bits w2a4 --seeds 2

Each GENERATOR, a `.space` file, a shipped name or a genotype, is trained and used exactly as by
`autorecon compress`, one thread each; where students of a seed are shown the same images, these are
made once. Each `--with 'alignment=50 labels=all'` is one more way to compress. What is measured is
in how many of 3,000 *training* images
student and teacher name the same class, so that generators and rates can be tuned without a look
at test images. `real` teaches with other training images and the teacher's answers, for the same
steps of the student: the most that better generators could bring, and no data-free result.
`--test` gives the accuracy on the test images in place of the agreement. `--last N` also tells
the figure after each of the last N steps, and which layers' weights have moved to another level
since the step before: at few bits one weight of the first layer can be worth points.
"""

from __future__ import annotations

import itertools
import shlex
import statistics
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import click
import torch
from torch import Tensor, fx, nn

from autorecon import data
from autorecon.cli.group import show_error
from autorecon.compress import CompressConfig, Compression
from autorecon.compress.batch import Batch
from autorecon.compress.quantization.quantize import quantized_weights
from autorecon.compress.sources import Recorded, Repeated, Source
from autorecon.data import Dataset
from autorecon.nn import generator
from autorecon.objective import DivergedError, Request, TeacherView
from autorecon.study.budget import scaled
from autorecon.teachers import Teacher
from autorecon.workflow.config import RunConfig, SpaceConfig, TeacherConfig, structured
from autorecon.workflow.prepare import Prepared, prepare
from autorecon.workflow.settings import combine

REAL, HELD_OUT = "real", 3000


class RealImages:
    """A source of the training images `pool`, each class as often as it comes."""

    labelled = True

    def __init__(
        self, dataset: Dataset, teacher: Teacher, batch: int, seed: int, pool: Tensor
    ) -> None:
        self._dataset, self._view, self._batch = dataset, TeacherView(teacher.module), batch
        self._pool, self._random = pool, torch.Generator().manual_seed(seed)

    def make(self, student: Any) -> tuple[Batch | None, dict[str, float]]:
        """A batch; nothing is left to learn about how to make them."""
        return self.draw(), {}

    @torch.no_grad()
    def draw(self) -> Batch:
        drawn = torch.randint(len(self._pool), (self._batch,), generator=self._random)
        images = self._dataset.normalised(self._dataset.train.images[self._pool[drawn]])
        logits = self._view.answers(images)
        return Batch(images, Request(logits.argmax(1)), logits)

    def state_dict(self) -> dict[str, Any]:
        return {"random": self._random.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._random.set_state(state["random"])


class Bench:
    """The images that students of one teacher are measured on; `taught` measures one."""

    def __init__(self, prepared: Prepared, test: bool) -> None:
        if prepared.dataset is None:
            name = prepared.teacher.name
            raise click.ClickException(f"{name} is not known to be of a data set that is here")
        self.teacher, self.dataset = prepared.teacher, prepared.dataset
        random = torch.Generator().manual_seed(99)
        order = torch.randperm(len(self.dataset.train), generator=random)
        count = min(HELD_OUT, len(order) // 2)
        self.pool = order[count:]
        self.measured = self.dataset.test if test else self._answered(order[:count])
        self._made: dict[Any, dict[str, Any]] = {}

    @torch.no_grad()
    def _answered(self, chosen: Tensor) -> data.Split:
        """Training images, labelled by the teacher."""
        view, images = TeacherView(self.teacher.module), self.dataset.train.images[chosen]
        parts = (self.dataset.normalised(part) for part in images.split(100))
        return data.Split(images, torch.cat([view.answers(part).argmax(1) for part in parts]))

    def taught(self, prepared: Prepared, seed: int, real: bool, last: int) -> float:
        """What a student reaches in percent, the `last` steps of which are told of."""
        config = attrs.evolve(prepared.config.compress, seed=seed)
        config = attrs.evolve(config, warmup_steps=0) if real else config
        made = None if real else config.image_settings and (prepared.space, config.image_settings)
        wrap = self._real(config) if real else self._wrap(made)
        net = generator(prepared.space, seed=seed)
        stage = Compression(self.teacher.module, config, net, wrap=wrap)
        # Before the student's first step its ranges still follow what it is shown.
        following = self._follow(stage, max(config.ticks - last, config.image_ticks))
        next(following)
        stage.run_epoch(0, lambda: next(following))
        if isinstance(stage.source, Recorded):
            self._made[made] = stage.source.recording()
        return self.measure(stage.student.module)

    def _wrap(self, made: Any) -> Callable[[Source], Source] | None:
        """What takes the place of a generator whose images are kept, or made already."""
        if made in self._made:
            return lambda _: Repeated(self._made[made])
        return Recorded if made else None

    def measure(self, student: nn.Module) -> float:
        return data.accuracy(student, self.dataset, self.measured)

    def _follow(self, stage: Compression, start: int) -> Iterator[None]:
        """Goes on once a step, and tells of those after `start`."""
        student, ticks, levels = stage.student.module, stage.ticks, dict[str, Tensor]()
        for tick in itertools.count():
            if tick >= start:
                before, levels = levels, _levels(student)
                moved = {name: int((levels[name] != before[name]).sum()) for name in before}
            if tick > start:
                told = ", ".join(f"{name} {count}" for name, count in moved.items() if count)
                click.echo(f"  {ticks - tick} to go: {self.measure(student):.2f} %; moved: {told}")
            yield

    def _real(self, config: CompressConfig) -> Callable[[Source], Source]:
        return lambda _: RealImages(
            self.dataset, self.teacher, config.batch, config.seed, self.pool
        )


def _levels(student: fx.GraphModule) -> dict[str, Tensor]:
    """The integers that each quantized weight is rounded to."""
    weights = quantized_weights(student)
    return {name: quantizer.encode(weight).codes for name, (weight, quantizer) in weights.items()}


class Command(click.Command):
    """Users' mistakes end in a message, as those of `autorecon` do."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (ValueError, DivergedError) as error:
            show_error(error)
            ctx.exit(getattr(error, "exit_code", 1))


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("generators", nargs=-1, required=True, metavar="GENERATOR...")
@click.option("--teacher", "name", default="resnet20-fashion16", show_default=True)
@click.option("--method", "methods", multiple=True, default=["gdfq"], show_default=True)
@click.option("--bits", multiple=True, default=["w3a3", "w2a4"], show_default=True)
@click.option(
    "--with",
    "variants",
    multiple=True,
    default=[""],
    metavar="'KEY=VALUE ...'",
    help="Settings of `compress`; each time it is given, students are compared that have them.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="How many.")
@click.option(
    "--first-seed", type=click.IntRange(0), default=0, show_default=True, help="The first of them."
)
@click.option("--budget", default=1.0, show_default=True, help="Multiplies all steps.")
@click.option("--test", is_flag=True, help="Accuracy on the test images: nothing to tune by.")
@click.option("--last", type=click.IntRange(0), default=0, help="Follow so many of the last steps.")
def main(generators: tuple[str, ...], name: str, methods: tuple[str, ...], bits: tuple[str, ...],
         variants: tuple[str, ...], seeds: int, first_seed: int, budget: float, test: bool,
         last: int) -> None:  # fmt: skip
    """Teach quantized students with each GENERATOR, or with `real` images, and compare them."""
    if not 0 < budget < 1e6:
        raise click.BadParameter("must be above 0, and finite", param_hint="--budget")
    torch.set_num_threads(1)
    # All are made ready first: a mistake in the last is told before the first is trained.
    ready = [
        (source, given, _prepared(source, name, configured(method, widths, given), budget))
        for source, method, widths, given in itertools.product(generators, methods, bits, variants)
    ]
    bench = Bench(ready[0][2], test)
    for source, given, prepared in ready:
        config, wanted = prepared.config.compress, range(first_seed, first_seed + seeds)
        found = [bench.taught(prepared, seed, source == REAL, last) for seed in wanted]
        what = ", ".join(filter(None, [f"{source}, {config.method} {config.bits}", given]))
        click.echo(f"{what}, {config.steps} steps: {_told(found)}")


def configured(method: str, widths: str, given: str) -> CompressConfig:
    """A compression's settings, of which some are `given` as 'KEY=VALUE ...'."""
    values = combine(None, {"method": method, "bits": widths, "epochs": 1}, shlex.split(given))
    return structured(values, CompressConfig)


def _prepared(source: str, teacher: str, config: CompressConfig, budget: float) -> Prepared:
    """What `autorecon compress` makes ready; `real` images take the place of a generator's."""
    file = "gdfq-cifar" if source == REAL else source
    run = RunConfig(
        command="compress",
        space=SpaceConfig(file=file, baseline=""),
        teacher=TeacherConfig(teacher),
        compress=config,
    )
    return prepare(scaled(run, budget))


def _told(found: list[float]) -> str:
    spread = f" ± {statistics.stdev(found):.2f}" if len(found) > 1 else ""
    each = ", ".join(f"{figure:.2f}" for figure in found)
    return f"{statistics.fmean(found):.2f}{spread} % (by seed: {each})"


if __name__ == "__main__":
    main()
