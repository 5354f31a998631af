"""A method of data-free compression as a value: what it is made of, what it needs, its settings.

The catalogue is read without torch; what a method computes stands in its own file of `methods`.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

import attrs

from autorecon.compress.errors import CompressError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.settings import Settings
    from autorecon.compress.student import Student
    from autorecon.objective import Request

Value = str | int | float | bool | None
Defaults = dict[str, Value]
Losses = dict[str, tuple[float, "Tensor"]]
Shape = tuple[int, int, int]
Codes = dict[str, "Tensor"]
"""What noise is made of where it is learnt, by names."""

COMMON: Defaults = {"epochs": 8, "evaluate_every": 1, "seed": 0}
QUANTIZED: Defaults = COMMON | {
    "bits": "w3a3",
    "scheme": "gdfq",
    "first_last": 0,
    "bits_of": "",
    "allow_partial": False,
    "ranges": "fitted",
    "rounding": "unbiased",
    "statistics": False,
    "reconstruct": False,
    "calibration_batches": 8,
}
DISTILLED: Defaults = COMMON | {"student": "resnet20"}
GENERATED: Defaults = {
    "objective": "ce + 0.1*bns",
    "warmup_objective": "",
    "swing": False,
    "batch": 64,
    "warmup_steps": 150,
    "generator_lr": 1e-3,
}
MATCHED: Defaults = GENERATED | {
    "objective": "ce + 10*bns",
    "generator_lr": 3e-3,
    "polish_steps": 0,
}
"""Of generators that follow GDFQ, which has 0.1 and 1e-3 and many thousands of steps; for hundreds
these were chosen on training images (docs/results.md).
"""
PICTURED: Defaults = {
    "objective": "ce + 0.1*bns",
    "swing": False,
    "batch": 64,
    "image_batches": 4,
    "image_steps": 100,
    "image_lr": 0.1,
}
TRAINED: Defaults = {
    "steps": 250,
    "student_steps": 1,
    "student_lr": None,
    "momentum": 0.9,
    "weight_decay": 1e-4,
}
INVERTED: Defaults = {
    **DISTILLED,
    **TRAINED,
    "objective": "ce + 100*bns",
    "batch": 64,
    "bank": 256,
    "rounds": 16,
    "steps": 1000,
    "student_lr": 0.1,
    "temperature": 6.0,
    "image_batches": 128,
    "image_steps": 8,
}
"""Of distilling from a bank, with noise that learns with a generator. The papers have 0.5*ce +
10*bns_norm + 1.33*adversarial_agreed, batches of 256, temperature 20 and hundreds of epochs; for
minutes these were chosen on training images (docs/tried.md).
"""
ALTERNATED: Defaults = {"generator_steps": 1}
SOFTENED: Defaults = {"temperature": 20.0, "alpha": 1.0}
TUNED: Defaults = TRAINED | {
    "alignment": 0.0,
    "cam": 0.0,
    "low_pass": 0.0,
    "perturbation": 0.0,
    "dropped": 0.0,
    "keep": "better",
}
LABELLED: Defaults = {"labels": "known"}
"""Groups of settings with their defaults, of which methods are put together."""


@attrs.frozen
class Inversion:
    """How batches of a generator are found one by one, of noise that learns with it."""

    codes: Callable[[Request, int, nn.Module, torch.Generator], Codes]
    """A batch's own, fresh, on the host: of what it is asked for, of how many numbers an image's
    noise has, and of the teacher."""

    noise: Callable[[Codes, Request, nn.Module], Tensor]
    """The noise [N, latent] that is made of them, with a graph."""

    meta: bool = False
    """Whether a batch's steps are those of a copy of the generator, which itself learns from where
    it would best begin, by the sum of their gradients; else it goes on from batch to batch."""


@attrs.frozen
class Method:
    """One method; `settings` are those that it has, with its defaults.

    `source` is where its images come from: a generator, pictures that are themselves optimised,
    noise as it is drawn, or none at all. `needs` are names of `objective.NEEDS`, beside those of
    its objective's terms.
    """

    name: str
    family: Literal["quantization", "distillation"]
    summary: str
    cite: str
    source: Literal["generator", "pictures", "noise", "none"]
    settings: Defaults
    needs: tuple[str, ...] = ()

    loss: Callable[[Answers, Batch, Settings], Losses] | None = None
    """The student's losses, each with its weight; None where the student is not trained."""

    attends: bool = False
    """Whether the loss looks at attention maps."""

    ask: Callable[[int, int, nn.Module, torch.Generator], Request] | None = None
    """What so many images, of so many classes of a teacher, shall show; one class each if None."""

    labelled: bool = False
    """Whether the generator must have a label input, whatever the objective asks for."""

    inversion: Inversion | None = None
    """How batches of images are found for a bank, where noise learns with the generator."""

    dress: Callable[[nn.Module, nn.Module], None] | None = None
    """What becomes of a fresh generator, given the teacher."""

    student: Callable[[nn.Module, Shape, Settings], Student] | None = None
    """The student of a teacher for images of a shape, where the family's way is not taken."""

    update: Callable[[Student, torch.optim.Optimizer, Settings, float], None] | None = None
    """One step of the student's optimiser, given the share of steps done; a plain one if None."""

    optimiser: Literal["sgd", "adam"] = "sgd"
    fresh: bool = False
    """Whether each student step has images of its own, not those of the generator's step."""

    jitter: int = 0
    """Most pixels by which pictures are shifted at random before the teacher sees them."""

    @property
    def makes_images(self) -> bool:
        """Whether its images become better step by step."""
        return self.source in ("generator", "pictures")

    @property
    def keeps_images(self) -> bool:
        """Whether batches are made, each in some steps, and kept to learn from."""
        return self.source == "pictures" or self.inversion is not None


_METHODS: dict[str, Method] = {}
METHODS = MappingProxyType(_METHODS)


def register(method: Method) -> Method:
    """Add a method to the catalogue; raises CompressError where its name is taken."""
    if method.name in _METHODS:
        raise CompressError(f"there is already a method {method.name}")
    _METHODS[method.name] = method
    return method


def find_method(name: str) -> Method:
    """The method of that name; raises CompressError with a suggestion."""
    if name in _METHODS:
        return _METHODS[name]
    from autorecon.lang import did_you_mean

    raise CompressError(f"there is no method '{name}': {did_you_mean(name, _METHODS, most=40)}")
