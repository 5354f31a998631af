"""The settings of a compression, completed by its method and checked against it."""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

import autorecon.compress.methods  # noqa: F401  (registers them)
from autorecon.compress.errors import CompressError, require_known
from autorecon.compress.methods.losses import LABELS
from autorecon.compress.methods.method import METHODS, Method, find_method
from autorecon.compress.quantization.bits import ROUNDINGS, SCHEMES, no_bits
from autorecon.compress.quantization.ranges import RANGES
from autorecon.compress.settings import KEEP, POLISHING, Settings
from autorecon.objective import Objective

_LEAST = {
    "steps": 1, "student_steps": 1, "epochs": 1, "calibration_batches": 1, "evaluate_every": 1,
    "image_batches": 1, "image_steps": 1, "bank": 1, "rounds": 1, "generator_steps": 0,
    "warmup_steps": 0, "momentum": 0, "weight_decay": 0, "alpha": 0, "alignment": 0, "cam": 0,
    "low_pass": 0, "perturbation": 0, "dropped": 0, "inundation": 0, "polish_steps": 0, "seed": 0,
}  # fmt: skip
_STUDENTS = (
    "bits", "scheme", "first_last", "bits_of", "allow_partial", "ranges", "rounding",
    "statistics", "reconstruct", "polish_steps", "student", "student_lr", "momentum",
    "weight_decay", "temperature", "alpha", "alignment", "cam", "low_pass", "perturbation",
    "dropped", "labels", "inundation",
)  # fmt: skip
"""Settings that images depend on only where what makes them looks at the student."""

_CHOICES = {
    "ranges": RANGES, "rounding": ROUNDINGS, "scheme": SCHEMES, "labels": LABELS, "keep": KEEP,
}  # fmt: skip

BEFORE = {
    "statistics": False,
    "reconstruct": False,
    "polish_steps": 0,
    "labels": "all",
    "alignment": 0.0,
    "keep": "last",
}
"""What settings stood for before they were there, in records that do not know of them."""

_ABOVE_ZERO = ("generator_lr", "image_lr", "code_lr", "temperature", "student_lr")


def _as_the_method_has(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    """Every default but that of the method itself is the method's, where it has the setting; and
    no more epochs than steps, which are all given before them."""

    def own(name: str, absent: Any, config: CompressConfig) -> Any:
        found = config.recipe.settings.get(name, absent)
        return min(found, max(1, config.ticks)) if name == "epochs" else found

    return [
        field
        if field.name == "method"
        else field.evolve(
            default=attrs.Factory(partial(own, field.name, field.default), takes_self=True)
        )
        for field in fields
    ]


@attrs.frozen(field_transformer=_as_the_method_has)
class CompressConfig(Settings):
    """A method and its settings, with the schedule measured in steps so that budgets compare.

    `warmup_steps` train the generator alone, `image_batches` of pictures take `image_steps` each;
    `steps` train the student, each one `generator_steps` and `student_steps`. `epochs` only says
    in how many parts all of them are reported. What is not given is as the method has it.
    Raises CompressError, also for a setting that the method has not, or ObjectiveError.
    """

    def __attrs_post_init__(self) -> None:
        self._refuse_absent()
        self._check_choices()
        self._check_numbers()

    def _check_choices(self) -> None:
        own = self.recipe.settings
        if "bits" in own and not self.bits:
            raise no_bits(str(self.bits))
        if "bits" in own:
            self.widths  # noqa: B018  (raises for texts that are none)
        for name, known in _CHOICES.items():
            if name in own:
                require_known(name, getattr(self, name), known)
        if "objective" in own:
            Objective.parse(self.objective, has_student=self._has_student)
        if self.warmup_objective:
            Objective.parse(self.warmup_objective)

    def _check_numbers(self) -> None:
        own = self.recipe.settings
        for name in own.keys() & _LEAST.keys():
            demand = "0 or more" if not _LEAST[name] else f"at least {_LEAST[name]}"
            self._require(name, getattr(self, name) >= _LEAST[name], demand)
        for name in own.keys() & set(_ABOVE_ZERO):
            value = self.rate if name == "student_lr" else getattr(self, name)
            self._require(name, value > 0, "above 0")
        if "dropped" in own:
            self._require("dropped", self.dropped < 1, "below 1")
        if "batch" in own:
            self._require("batch", self.batch >= 2, "at least 2, for the batch's statistics")
        if "rounds" in own:
            most = self.image_batches
            self._require("rounds", self.rounds <= most, f"at most image_batches, {most}")
        most = max(1, self.ticks)
        self._require("epochs", self.epochs <= most, f"at most {most}, one a step")

    def _refuse_absent(self) -> None:
        own = self.recipe.settings
        for field in attrs.fields(Settings)[1:]:
            if field.name not in own and getattr(self, field.name) != field.default:
                others = [name for name, it in METHODS.items() if field.name in it.settings]
                raise CompressError(
                    f"the method {self.method} has no setting `{field.name}`, which is "
                    f"{_some(others)}'s; it has {', '.join(sorted(own))}"
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
        for objective in self._objectives.values():
            needs += objective.needs
        if self.polish_steps:
            needs += Objective.parse(POLISHING).needs
        return tuple(dict.fromkeys(needs))

    @property
    def asks_classes(self) -> str:
        """Who asks for images of a class, as a message names it; "" if nobody does."""
        if self.recipe.labelled:
            return f"the method {self.method}"
        if self.recipe.inversion:
            return ""  # noise that is learnt shows the class by itself
        for text, objective in self._objectives.items():
            if objective.asks_classes:
                return f"the objective '{text}'"
        return ""

    @property
    def _has_student(self) -> bool:
        """Whether `objective` is first used when the student may be looked at."""
        return not self.recipe.keeps_images and (
            not self.warmup_steps or bool(self.warmup_objective)
        )

    @property
    def image_settings(self) -> CompressConfig | None:
        """What a generator's images depend on, the student's own settings as the method has them.

        Where it is equal, so are the images; None where they depend on the student.
        """
        if self.recipe.source != "generator" or self.looks_at_student:
            return None
        own = self.recipe.settings
        same: dict[str, Any] = {name: own[name] for name in _STUDENTS if name in own}
        return attrs.evolve(self, **same)

    @property
    def looks_at_student(self) -> bool:
        """Whether images are made for the student, or against it."""
        return any(objective.needs_student for objective in self._objectives.values())

    @property
    def _objectives(self) -> dict[str, Objective]:
        texts = filter(None, (self.warmup_objective, self.objective))
        return {text: Objective.parse(text, has_student=True) for text in texts}


def _some(names: list[str]) -> str:
    first = ", ".join(names[:3])
    return first if len(names) <= 3 else f"{first} or another"
