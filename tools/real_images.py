"""What a student reaches that learns from real images: the most that better generators could bring.

    python tools/real_images.py --teacher resnet20-fashion16 --bits w3a3 --bits w2a4 --seeds 3

The same compression as `autorecon compress --method gdfq`, with training images and the teacher's
answers in place of a generator's: the same steps, rates and ranges, measured on the test images.
No result of data-free compression; it only tells how much is left to gain.
"""

from __future__ import annotations

import statistics
from typing import Any

import attrs
import click
import torch

from autorecon import data, teachers
from autorecon.compress import CompressConfig, Compression
from autorecon.compress.batch import Batch
from autorecon.data import Dataset
from autorecon.nn import generator
from autorecon.objective import Request, TeacherView
from autorecon.teachers import Teacher
from autorecon.workflow.prepare import bind


class RealImages:
    """A source of training images, each class as often as it comes."""

    labelled = True

    def __init__(self, dataset: Dataset, teacher: Teacher, batch: int, seed: int) -> None:
        self._dataset, self._view, self._batch = dataset, TeacherView(teacher.module), batch
        self._random = torch.Generator().manual_seed(seed)

    def make(self, student: Any) -> tuple[Batch | None, dict[str, float]]:
        """A batch; nothing is left to learn about how to make them."""
        return self.draw(), {}

    @torch.no_grad()
    def draw(self) -> Batch:
        count = len(self._dataset.train)
        chosen = torch.randint(count, (self._batch,), generator=self._random)
        images = self._dataset.normalised(self._dataset.train.images[chosen])
        logits = self._view.answers(images)
        return Batch(images, Request(logits.argmax(1)), logits)

    def state_dict(self) -> dict[str, Any]:
        return {"random": self._random.get_state()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._random.set_state(state["random"])


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--teacher", "name", default="resnet20-fashion16", show_default=True)
@click.option("--bits", multiple=True, default=["w3a3", "w2a4"], show_default=True)
@click.option("--seeds", default=3, show_default=True, help="Seeds 0 .. N-1.")
@click.option("--budget", default=1.0, show_default=True, help="Multiplies the student's steps.")
@click.option("--threads", default=1, show_default=True)
def main(name: str, bits: tuple[str, ...], seeds: int, budget: float, threads: int) -> None:
    """Teach quantized students on real training images."""
    torch.set_num_threads(threads)
    steps = max(1, round(CompressConfig().steps * budget))
    for widths in bits:
        found = [_taught(name, widths, seed, steps) for seed in range(seeds)]
        spread = f" ± {statistics.stdev(found):.2f}" if seeds > 1 else ""
        each = ", ".join(f"{figure:.2f}" for figure in found)
        mean = statistics.fmean(found)
        click.echo(f"{name} {widths}, {steps} steps: {mean:.2f}{spread} % (by seed: {each})")


def _taught(name: str, bits: str, seed: int, steps: int) -> float:
    teacher = teachers.load(name)
    if not teacher.data:
        raise click.ClickException(f"{name} is not known to be of a data set that is here")
    dataset = data.load(teacher.data, size=teacher.size)
    dataset = attrs.evolve(dataset, mean=teacher.mean, std=teacher.std)
    config = CompressConfig(bits=bits, warmup_steps=0, steps=steps, epochs=1, seed=seed)
    stage = Compression(
        teacher.module,
        config,
        generator(bind("gdfq-cifar", {}, teacher), seed=seed),
        wrap=lambda own: RealImages(dataset, teacher, config.batch, seed),
    )
    stage.run_epoch(0, lambda: None)
    return data.accuracy(stage.student.module, dataset)


if __name__ == "__main__":
    main()
