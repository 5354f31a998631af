"""The settings of a compression as plain values, and the schedule that they make."""

from __future__ import annotations

from typing import Self

import attrs

from autorecon.compress.quantization.bits import NO_BITS, Bits, as_bits
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.quantization.widths import Widths

KEEP = ("better", "last")
"""What a student is in the end: what it was last, or as it was calibrated where that is better."""

POLISHING = "bns_std"
"""What images are polished for: ZeroQ's objective."""


def part(steps: int, share: float) -> int:
    """A share of some steps, at least one of them; none of none."""
    return max(1, round(steps * share)) if steps else 0


@attrs.frozen
class Settings:
    """What a method reads while it runs. A setting that it has not stays as it is here."""

    method: str = "gdfq"
    bits: Bits = attrs.field(default=NO_BITS, converter=as_bits)
    scheme: str = ""
    first_last: int = 0
    bits_of: str = ""
    allow_partial: bool = False
    ranges: str = ""
    rounding: str = ""
    statistics: bool = False
    reconstruct: bool = False
    student: str = ""
    batch: int = 0
    warmup_steps: int = 0
    bank: int = 0
    image_batches: int = 0
    image_steps: int = 0
    rounds: int = 1
    steps: int = 0
    generator_steps: int = 0
    student_steps: int = 0
    epochs: int = 1
    generator_lr: float = 0.0
    image_lr: float = 0.0
    code_lr: float = 0.0
    student_lr: float | None = None
    momentum: float = 0.0
    weight_decay: float = 0.0
    temperature: float = 0.0
    alpha: float = 0.0
    alignment: float = 0.0
    cam: float = 0.0
    low_pass: float = 0.0
    perturbation: float = 0.0
    dropped: float = 0.0
    labels: str = ""
    keep: str = ""
    inundation: float = 0.0
    objective: str = ""
    swing: bool = False
    warmup_objective: str = ""
    calibration_batches: int = 0
    polish_steps: int = 0
    evaluate_every: int = 1
    seed: int = 0

    @property
    def widths(self) -> Widths:
        """Of every layer; raises CompressError for texts that are none."""
        return Widths.parse(self.bits, self.bits_of, self.first_last)

    @property
    def rate(self) -> float:
        """The student's first learning rate."""
        if self.student_lr is not None:
            return self.student_lr
        return RANGES[self.ranges].student_lr if self.ranges else 0.0

    @property
    def image_ticks(self) -> int:
        """Steps that make images before the student learns, over all rounds."""
        return self.warmup_steps + self.image_batches * self.image_steps

    @property
    def ticks(self) -> int:
        return self.image_ticks + self.steps

    def ticks_before(self, epoch: int) -> int:
        """How many steps the epochs before `epoch` take together."""
        return self.ticks * epoch // self.epochs

    def shortened(self, share: float) -> Self:
        """With a share of the steps, each kind of which stays at least one, reported as one.

        A bank has fewer batches, each of as many steps; else there are as many of fewer steps.
        """
        batches = part(self.image_batches, share) if self.bank else self.image_batches
        return attrs.evolve(
            self,
            warmup_steps=part(self.warmup_steps, share),
            image_batches=batches,
            image_steps=self.image_steps if self.bank else part(self.image_steps, share),
            rounds=min(self.rounds, max(1, batches)),
            polish_steps=part(self.polish_steps, share),
            steps=part(self.steps, share),
            epochs=1,
            evaluate_every=1,
        )

    def place(self, tick: int) -> tuple[bool, int]:
        """Whether step `tick` trains the student, and how many that do come before it.

        A round makes its share of the images, then takes its share of the student's steps.
        """
        for index in range(self.rounds):
            images = self.image_ticks * (index + 1) // self.rounds
            before, after = (self.steps * i // self.rounds for i in (index, index + 1))
            if tick < images + before:
                return False, before
            if tick < images + after:
                return True, tick - images
        raise ValueError(f"step {tick} is beyond the last")
