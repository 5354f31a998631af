"""Train a shipped teacher again: `python tools/train_teacher.py resnet20-fashion16`.

With the recorded seed, one thread and the same torch the weights come out the same, bit for bit,
also where the training was interrupted: the same command goes on after the last whole epoch.
Nothing is chosen by looking at test images; the figure recorded is the last epoch's.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

import attrs
import click
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from autorecon import data
from autorecon.runs import load_state, save_state, write_bytes
from autorecon.teachers.architectures import ARCHITECTURES

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
    "resnet18-fashion32": Recipe(
        size=32, crop_padding=2, architecture="resnet18_x0_25", epochs=5, peak_lr=0.1
    ),
    "mobilenetv2-fashion32": Recipe(
        size=32, crop_padding=2, architecture="mobilenet_v2_x0_5", epochs=5, peak_lr=0.1
    ),
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
        module = ARCHITECTURES[recipe.architecture](dataset.classes, dataset.channels)
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
        self.epochs_done = 0

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
        self.epochs_done += 1
        return total / self.steps

    def state_dict(self) -> dict[str, Any]:
        """All that the next epoch depends on; dropout draws from torch's own generator."""
        return {
            "recipe": attrs.asdict(self.recipe),
            "module": self.module.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "order": self.generator.get_state(),
            "dropout": torch.get_rng_state(),
            "epochs_done": self.epochs_done,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict` of the same recipe."""
        self.module.load_state_dict(state["module"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["schedule"])
        self.generator.set_state(state["order"])
        torch.set_rng_state(state["dropout"])
        self.epochs_done = state["epochs_done"]

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


def train(recipe: Recipe, saved: Path) -> tuple[nn.Module, data.Dataset, float]:
    """Train by a recipe, printing a line an epoch; the last one's test accuracy is in percent.

    `saved` holds the state after each epoch; one of the same recipe is gone on with.
    """
    dataset = data.load(recipe.data, size=recipe.size)
    training = Training(recipe, dataset)
    restore(training, saved)
    start, first = time.monotonic(), training.epochs_done
    for epoch in range(first + 1, recipe.epochs + 1):
        loss = training.run_epoch()
        save_state(saved, training.state_dict())
        seconds = (time.monotonic() - start) / (epoch - first)
        rate = training.steps * recipe.batch / seconds
        click.echo(
            f"epoch {epoch}/{recipe.epochs}: loss {loss:.4f}, {rate:.0f} images/s, "
            f"{seconds * (recipe.epochs - epoch):.0f} s left"
        )
    return training.module, dataset, data.accuracy(training.module, dataset)


def restore(training: Training, saved: Path) -> None:
    """Go on from `saved` where it is of the same recipe."""
    if not saved.exists():
        return
    state = load_state(saved)
    if state["recipe"] == attrs.asdict(training.recipe):
        training.load_state_dict(state)
        click.echo(f"going on after epoch {training.epochs_done}")


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
        saved = out / f".{name}.training"
        module, dataset, accuracy = train(recipe, saved)
    except data.DataError as error:
        click.echo(f"Error: {error}", err=True)
        raise SystemExit(error.exit_code) from error
    state = {key: value.contiguous() for key, value in module.state_dict().items()}
    weights = save(state)
    described = describe(recipe, dataset, weights, accuracy)
    write_bytes(out / f"{name}.safetensors", weights)
    write_bytes(out / f"{name}.json", json.dumps(described, indent=2).encode() + b"\n")
    saved.unlink()
    click.echo(f"wrote {out / name}.safetensors: {accuracy:.2f} % on the test images")


if __name__ == "__main__":
    main()
