"""The settings of a compression, as plain values that a TOML file can hold."""

from __future__ import annotations

from typing import Any

import attrs

import autorecon.compress.methods  # noqa: F401  (registers them)
from autorecon.compress.errors import CompressError
from autorecon.compress.methods.method import Method, find_method
from autorecon.compress.quantization.bits import ROUNDINGS, Bits
from autorecon.objective import Objective

STUDENT_LR = {"percentile": 3e-4, "mse": 3e-4, "minmax": 3e-3}
"""What suits each kind of activation range: those that clip want small steps."""

_LEAST = {
    "steps": 1, "student_steps": 1, "epochs": 1, "calibration_batches": 1, "evaluate_every": 1,
    "image_batches": 1, "image_steps": 1, "rounds": 1, "generator_steps": 0, "warmup_steps": 0,
    "momentum": 0, "weight_decay": 0, "alpha": 0, "inundation": 0, "seed": 0,
}  # fmt: skip
_STUDENTS = (
    "bits", "ranges", "rounding", "student", "student_lr", "momentum", "weight_decay",
    "temperature", "alpha", "inundation",
)  # fmt: skip
"""Settings that images depend on only where what makes them looks at the student."""

_ABOVE_ZERO = ("generator_lr", "image_lr", "temperature", "student_lr")


def _own(name: str, absent: Any) -> Any:
    """A field whose default is the method's, or `absent` where the method has no such setting."""

    def default(config: CompressConfig) -> Any:
        return find_method(config.method).settings.get(name, absent)

    return attrs.field(default=attrs.Factory(default, takes_self=True), metadata={"absent": absent})


def part(steps: int, share: float) -> int:
    """A share of some steps, at least one of them; none of none."""
    return max(1, round(steps * share)) if steps else 0


@attrs.frozen
class CompressConfig:
    """A method and its settings, with the schedule measured in steps so that budgets compare.

    `warmup_steps` train the generator alone, `image_batches` of pictures take `image_steps` each;
    `steps` train the student, each one `generator_steps` and `student_steps`. `epochs` only says
    in how many parts all of them are reported. What is not given is as the method has it.
    Raises CompressError, also for a setting that the method has not, or ObjectiveError.
    """

    method: str = "gdfq"
    bits: str = _own("bits", "")
    ranges: str = _own("ranges", "")
    rounding: str = _own("rounding", "")
    student: str = _own("student", "")
    batch: int = _own("batch", 0)
    warmup_steps: int = _own("warmup_steps", 0)
    image_batches: int = _own("image_batches", 0)
    image_steps: int = _own("image_steps", 0)
    rounds: int = _own("rounds", 1)
    steps: int = _own("steps", 0)
    generator_steps: int = _own("generator_steps", 0)
    student_steps: int = _own("student_steps", 0)
    epochs: int = _own("epochs", 1)
    generator_lr: float = _own("generator_lr", 0.0)
    image_lr: float = _own("image_lr", 0.0)
    student_lr: float | None = _own("student_lr", None)
    momentum: float = _own("momentum", 0.0)
    weight_decay: float = _own("weight_decay", 0.0)
    temperature: float = _own("temperature", 0.0)
    alpha: float = _own("alpha", 0.0)
    inundation: float = _own("inundation", 0.0)
    objective: str = _own("objective", "")
    warmup_objective: str = _own("warmup_objective", "")
    calibration_batches: int = _own("calibration_batches", 0)
    evaluate_every: int = _own("evaluate_every", 1)
    seed: int = _own("seed", 0)

    def __attrs_post_init__(self) -> None:
        self._refuse_absent()
        own = self.recipe.settings
        if "bits" in own:
            Bits.parse(self.bits)
        for name, known in (("ranges", STUDENT_LR), ("rounding", ROUNDINGS)):
            if name in own and getattr(self, name) not in known:
                fault = f"{name} = '{getattr(self, name)}' is unknown"
                raise CompressError(f"{fault}; choose {' or '.join(known)}")
        if "objective" in own:
            Objective.parse(self.objective, has_student=self._has_student)
        if self.warmup_objective:
            Objective.parse(self.warmup_objective)
        for name in own.keys() & _LEAST.keys():
            demand = "0 or more" if not _LEAST[name] else f"at least {_LEAST[name]}"
            self._require(name, getattr(self, name) >= _LEAST[name], demand)
        for name in own.keys() & set(_ABOVE_ZERO):
            value = self.rate if name == "student_lr" else getattr(self, name)
            self._require(name, value > 0, "above 0")
        if "batch" in own:
            self._require("batch", self.batch >= 2, "at least 2, for the batch's statistics")
        if "rounds" in own:
            most = self.image_batches
            self._require("rounds", self.rounds <= most, f"at most image_batches, {most}")
        most = max(1, self.ticks)
        self._require("epochs", self.epochs <= most, f"at most {most}, one a step")

    def _refuse_absent(self) -> None:
        own = find_method(self.method).settings
        for field in attrs.fields(CompressConfig):
            absent = field.metadata.get("absent", self.method)
            if field.name not in own and getattr(self, field.name) not in (absent, self.method):
                raise CompressError(
                    f"the method {self.method} has no setting `{field.name}`; it has "
                    f"{', '.join(sorted(own))}"
                )

    def _require(self, name: str, holds: bool, demand: str) -> None:
        if not holds:
            raise CompressError(f"{name} = {getattr(self, name)} must be {demand}")

    @property
    def recipe(self) -> Method:
        return find_method(self.method)

    @property
    def needs(self) -> tuple[str, ...]:
        """What the method and its objectives need of the teacher, as names of NEEDS."""
        needs = self.recipe.needs
        for text in self._objectives:
            needs += Objective.parse(text, has_student=True).needs
        return tuple(dict.fromkeys(needs))

    @property
    def asks_classes(self) -> str:
        """Who asks for images of a class, as a message names it; "" if nobody does."""
        if self.recipe.labelled:
            return f"the method {self.method}"
        for text in self._objectives:
            if Objective.parse(text, has_student=True).asks_classes:
                return f"the objective '{text}'"
        return ""

    @property
    def _has_student(self) -> bool:
        """Whether `objective` is first used when the student may be looked at."""
        return self.recipe.source == "generator" and (
            not self.warmup_steps or bool(self.warmup_objective)
        )

    @property
    def making(self) -> CompressConfig | None:
        """What a generator's images depend on, the student's own settings as the method has them.

        Where it is equal, so are the images; None where they depend on the student.
        """
        objectives = (Objective.parse(text, has_student=True) for text in self._objectives)
        if self.recipe.source != "generator" or any(o.needs_student for o in objectives):
            return None
        own = self.recipe.settings
        same: dict[str, Any] = {name: own[name] for name in _STUDENTS if name in own}
        return attrs.evolve(self, **same)

    @property
    def _objectives(self) -> list[str]:
        return [text for text in (self.warmup_objective, self.objective) if text]

    @property
    def rate(self) -> float:
        """The student's first learning rate."""
        own = self.student_lr
        return STUDENT_LR.get(self.ranges, 0.0) if own is None else own

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

    def shortened(self, share: float) -> CompressConfig:
        """With a share of the steps, each kind of which stays at least one, reported as one."""
        return attrs.evolve(
            self,
            warmup_steps=part(self.warmup_steps, share),
            image_steps=part(self.image_steps, share),
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
