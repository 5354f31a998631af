"""The settings of a GDFQ run, as plain values that a TOML file can hold."""

from __future__ import annotations

import attrs

from autorecon.compress.bits import Bits
from autorecon.compress.errors import CompressError
from autorecon.objective import Objective

STUDENT_LR = {"percentile": 3e-4, "minmax": 3e-3}
"""What suits each kind of activation range: percentile clips, and then wants small steps."""


@attrs.frozen
class GdfqConfig:
    """GDFQ's recipe, with the schedule measured in steps so that budgets compare.

    `steps` joint steps follow `warmup_steps` of the generator alone; `epochs` only says in how
    many parts all of them are reported. Raises CompressError or ObjectiveError.
    """

    bits: str = "w3a3"
    ranges: str = "percentile"
    batch: int = 64
    warmup_steps: int = 150
    steps: int = 250
    epochs: int = 8
    generator_lr: float = 1e-3
    student_lr: float | None = None
    momentum: float = 0.9
    weight_decay: float = 1e-4
    temperature: float = 20.0
    alpha: float = 1.0
    objective: str = "ce + 0.1*bns"
    calibration_batches: int = 8
    evaluate_every: int = 1
    seed: int = 0

    def __attrs_post_init__(self) -> None:
        Bits.parse(self.bits)
        Objective.parse(self.objective)
        if self.ranges not in STUDENT_LR:
            known = " or ".join(STUDENT_LR)
            raise CompressError(f"ranges = '{self.ranges}' is unknown; choose {known}")
        for name in ("batch", "steps", "epochs", "calibration_batches", "evaluate_every"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        for name in ("warmup_steps", "momentum", "weight_decay", "alpha", "seed"):
            self._require(name, getattr(self, name) >= 0, "0 or more")
        for name in ("generator_lr", "rate", "temperature"):
            self._require(name.replace("rate", "student_lr"), getattr(self, name) > 0, "above 0")
        self._require("batch", self.batch >= 2, "at least 2, for the batch's statistics")
        self._require("epochs", self.epochs <= self.ticks, f"at most {self.ticks}, one a step")

    def _require(self, name: str, holds: bool, demand: str) -> None:
        if not holds:
            raise CompressError(f"{name} = {getattr(self, name)} must be {demand}")

    @property
    def rate(self) -> float:
        """The student's first learning rate."""
        return STUDENT_LR[self.ranges] if self.student_lr is None else self.student_lr

    @property
    def ticks(self) -> int:
        return self.warmup_steps + self.steps

    def ticks_before(self, epoch: int) -> int:
        """How many steps the epochs before `epoch` take together."""
        return self.ticks * epoch // self.epochs
