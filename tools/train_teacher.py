"""Train a shipped teacher again: `python tools/train_teacher.py resnet20-fashion16`.

With the recorded seed, one thread and the same torch the weights come out the same, bit for bit.
Nothing is chosen by looking at test images; the figure recorded is the last epoch's.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import attrs
import click
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from autorecon import data
from autorecon.teachers.resnet_cifar import resnet20

WEIGHTS = Path(__file__).parent.parent / "autorecon" / "teachers" / "weights"


@attrs.frozen
class Recipe:
    """Everything that decides what the weights become."""

    size: int
    crop_padding: int
    data: str = "fashion-mnist"
    architecture: str = "resnet20"
    epochs: int = 12
    batch: int = 128
    seed: int = 0
    optimizer: str = "SGD, Nesterov momentum 0.9"
    schedule: str = "one cycle of the learning rate, 30 % rising, cosine, momentum constant"
    peak_lr: float = 0.2
    weight_decay: float = 5e-4
    label_smoothing: float = 0.0
    augmentation: str = "random crop of the zero-padded image, random horizontal flip"
    threads: int = 1


RECIPES = {
    "resnet20-fashion16": Recipe(size=16, crop_padding=1),
    "resnet20-fashion32": Recipe(size=32, crop_padding=2, epochs=6),
}


def augmented(images: Tensor, generator: torch.Generator, padding: int) -> Tensor:
    """Each image [N, C, H, W] cropped at its own place and flipped in half of the cases."""
    count, channels, height, width = images.shape
    padded = functional.pad(images, (padding,) * 4)
    offsets = torch.randint(2 * padding + 1, (2, count, 1), generator=generator)
    flipped = torch.rand(count, 1, generator=generator) < 0.5
    rows = torch.arange(height) + offsets[0]
    columns = torch.where(flipped, torch.arange(width).flip(0), torch.arange(width)) + offsets[1]
    chosen = padded[
        torch.arange(count)[:, None, None, None],
        torch.arange(channels)[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]
    return chosen.contiguous()


class Training:
    """A teacher in training: `run_epoch` until the recipe's epochs are done."""

    def __init__(self, recipe: Recipe, dataset: data.Dataset) -> None:
        torch.set_num_threads(recipe.threads)
        torch.manual_seed(recipe.seed)
        self.recipe, self.dataset = recipe, dataset
        self.generator = torch.Generator().manual_seed(recipe.seed)
        module = resnet20(dataset.classes, dataset.channels)
        self.module = module.to(memory_format=torch.channels_last)
        self.steps = len(dataset.train) // recipe.batch
        self.optimizer = torch.optim.SGD(
            self.module.parameters(),
            lr=recipe.peak_lr,
            momentum=0.9,
            nesterov=True,
            weight_decay=recipe.weight_decay,
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer,
            max_lr=recipe.peak_lr,
            total_steps=recipe.epochs * self.steps,
            cycle_momentum=False,
        )
        self.loss = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)

    def run_epoch(self) -> float:
        """One pass over the training images; their mean loss, augmented."""
        self.module.train()
        total = 0.0
        for images, labels in self.dataset.shuffled(
            self.dataset.train, self.recipe.batch, self.generator, self._augment
        ):
            loss = self.loss(self.module(images.to(memory_format=torch.channels_last)), labels)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.schedule.step()
            total += loss.item()
        return total / self.steps

    def _augment(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return augmented(images, generator, self.recipe.crop_padding)


def describe(
    recipe: Recipe, dataset: data.Dataset, weights: bytes, accuracy: float
) -> dict[str, object]:
    """What the .json beside the weights says."""
    return {
        "architecture": recipe.architecture,
        "classes": dataset.classes,
        "channels": dataset.channels,
        "size": dataset.size,
        "data": dataset.name,
        "mean": list(dataset.mean),
        "std": list(dataset.std),
        "seed": recipe.seed,
        "epochs": recipe.epochs,
        "recipe": attrs.asdict(recipe),
        "torch": torch.__version__,
        "test_accuracy": round(accuracy, 2),
        "sha256": hashlib.sha256(weights).hexdigest(),
    }


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears whole or not at all."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


def train(recipe: Recipe) -> tuple[nn.Module, data.Dataset, float]:
    """Train by a recipe, printing a line an epoch; the test accuracy is in percent."""
    dataset = data.load(recipe.data, size=recipe.size)
    training = Training(recipe, dataset)
    accuracy, start = 0.0, time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        loss = training.run_epoch()
        accuracy = data.accuracy(training.module, dataset)
        seconds = time.monotonic() - start
        rate = epoch * training.steps * recipe.batch / seconds
        left = seconds / epoch * (recipe.epochs - epoch)
        click.echo(
            f"epoch {epoch}/{recipe.epochs}: loss {loss:.4f}, test accuracy {accuracy:.2f} %, "
            f"{rate:.0f} images/s, {left:.0f} s left"
        )
    return training.module, dataset, accuracy


@click.command()
@click.argument("name", type=click.Choice(sorted(RECIPES)))
@click.option("--epochs", type=click.IntRange(1), help="Instead of the recorded number.")
@click.option("--seed", type=int, help="Instead of the recorded one.")
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, show_default=True)
def main(name: str, epochs: int | None, seed: int | None, out: Path) -> None:
    """Train teacher NAME and write NAME.safetensors and NAME.json into the folder --out."""
    recorded = RECIPES[name]
    recipe = attrs.evolve(
        recorded,
        epochs=recorded.epochs if epochs is None else epochs,
        seed=recorded.seed if seed is None else seed,
    )
    out.mkdir(parents=True, exist_ok=True)
    try:
        module, dataset, accuracy = train(recipe)
    except data.DataError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(error.exit_code) from error
    state = {key: value.contiguous() for key, value in module.state_dict().items()}
    weights = save(state)
    described = describe(recipe, dataset, weights, accuracy)
    write_whole(out / f"{name}.safetensors", weights)
    write_whole(out / f"{name}.json", json.dumps(described, indent=2).encode() + b"\n")
    click.echo(f"wrote {out / name}.safetensors: {accuracy:.2f} % on the test images")


if __name__ == "__main__":
    main()
