"""What `autorecon auto` is asked for, as its auto.toml holds it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from autorecon.compress.methods.method import METHODS, find_method
from autorecon.lang import did_you_mean
from autorecon.reading import read_bounded
from autorecon.runs.folder import AUTO as FILE
from autorecon.runs.seals import is_whole_toml
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.study.spec import LIMIT, Search, Study, Variant
from autorecon.workflow.config import RunConfig, TeacherConfig, structured
from autorecon.workflow.settings import under
from autorecon.workflow.trust import networks_of

KEYS = ("teacher", "bits", "seconds", "trials", "seed", "measure", "compress", "choices", "times")
"""Fields in which a course that is gone on with must be the same."""
_REMEDY = "put it back as it was, or start in another folder"
SOURCES = ("discovered", "drawn")
MEASURED = ("last", "all", "none")
MOST_TRIALS = 1000
"""Candidates to begin with."""
NOISE, HUMAN = "noise", "human-designed"
KEPT = (NOISE, HUMAN)
"""The controls, which are candidates of every rung: what is found is beside them to the end."""


@attrs.frozen
class AutoConfig:
    """`bits` of a teacher within `seconds`, or with `trials` candidates to begin with.

    `search` are the spaces that generators come from, `candidate` what is tried first, `choices`
    and `times` what others are drawn from; `compress` are settings of all. Students of the `last`
    rung are measured on test images, or `all`, or `none`. Raises StudyError.
    """

    teacher: TeacherConfig = attrs.Factory(TeacherConfig)
    bits: str = "w4a4"
    seconds: float = 0.0
    trials: int = 0
    seed: int = 0
    measure: str = "last"
    compress: dict[str, Any] = attrs.Factory(dict)
    search: list[Search] = attrs.Factory(list)
    candidate: list[Variant] = attrs.Factory(list)
    choices: dict[str, list[Any]] = attrs.Factory(dict)
    times: dict[str, list[float]] = attrs.Factory(dict)
    cluster: Cluster = attrs.Factory(Cluster)

    def __attrs_post_init__(self) -> None:
        if bool(self.seconds) == bool(self.trials):
            raise StudyError("say how long by time, as 30m, or with how many candidates by trials")
        least = len(KEPT) + 1
        if self.trials and not least <= self.trials <= MOST_TRIALS:
            raise StudyError(
                f"trials = {self.trials} must be {least} or more, two of them controls, and "
                f"{MOST_TRIALS:,} at most"
            )
        if not 0 <= self.seconds < 1e8:
            raise StudyError(f"seconds = {self.seconds:g} must be above 0, and finite")
        if self.measure not in MEASURED:
            raise StudyError(f"measure = '{self.measure}': choose {' or '.join(MEASURED)}")
        if taken := [one.name for one in self.candidate if one.name in KEPT]:
            raise StudyError(f"candidate {taken[0]} is there anyway: give it another name")
        has = {key: v for method in METHODS.values() for key, v in method.settings.items()}
        numbers = [key for key, value in has.items() if isinstance(value, float)]
        _require_known("compress", self.compress, list(find_method("gdfq").settings))
        _require_known("choices", self.choices, ["method", *has])
        _require_known("times", self.times, ["student_lr", *numbers])
        if empty := [key for key, values in (self.choices | self.times).items() if not values]:
            raise StudyError(f"{empty[0]} has nothing to choose from")

    @property
    def code(self) -> list[str]:
        """Python of people's own that it names."""
        config = RunConfig(command="compress", teacher=self.teacher)
        spaces = (search.space.get("ops", ()) for search in self.search)
        ops = [*spaces, *(one.ops for one in self.candidate)]
        return [*networks_of(config), *(name for names in ops for name in names)]

    def study(self, variants: list[Variant], length: float, measured: bool = False) -> Study:
        """Candidates as what a study compares, with a share of the steps and the settings of all
        that their methods have. Raises StudyError or CompressError."""
        teacher = self.teacher if measured else attrs.evolve(self.teacher, data="")
        return Study(
            title=f"{teacher.name} at {self.bits}",
            teachers=[attrs.asdict(teacher, filter=lambda _, value: value is not None)],
            variant=[self._with_all(one) for one in variants],
            seeds=1,
            first_seed=self.seed,
            budget=length,
            bits=[self.bits],
            search=self.search,
            cluster=self.cluster,
        )

    def _with_all(self, candidate: Variant) -> Variant:
        has = find_method(candidate.compress.get("method", "gdfq")).settings
        own = {name: value for name, value in self.compress.items() if name in has}
        return attrs.evolve(candidate, compress=candidate.compress | own)


def _require_known(section: str, given: Iterable[str], known: list[str]) -> None:
    if unknown := [name for name in given if name not in known]:
        hint = did_you_mean(unknown[0], known)
        raise StudyError(f"there is no setting {section}.{unknown[0]}: {hint}")


def shipped() -> dict[str, Any]:
    """What holds where nothing else is said."""
    return tomllib.loads((files("autorecon.auto") / "default.toml").read_text("utf-8"))


def read_asked(values: Mapping[str, Any]) -> AutoConfig:
    """From TOML's values, on what is shipped; candidates that are given come first.

    Raises ConfigError or StudyError.
    """
    below = shipped()
    asked = _structured(under(below, values))
    names = {one.name for one in asked.candidate}
    others = [structured(one, Variant) for one in below["candidate"] if one["name"] not in names]
    known = {"", *(search.name for search in asked.search)}
    listed = [*asked.candidate, *(other for other in others if other.source in known)]
    return attrs.evolve(asked, candidate=listed)


def with_spaces(values: Mapping[str, Any], files: Sequence[str]) -> dict[str, Any]:
    """TOML's values with spaces that are searched and drawn from before all others."""
    known = values.get("search", shipped()["search"])
    names = [Path(file).stem for file in files]
    own = [
        {"name": name, "space": {"file": file}, "select": {"candidates": 1}}
        for name, file in zip(names, files, strict=True)
    ]
    tried = [{"name": f"{how}, {name}", how: name} for name in names for how in SOURCES]
    return {
        **values,
        "search": [*own, *(one for one in known if one.get("name") not in names)],
        "candidate": [*tried, *values.get("candidate", [])],
    }


def stored(folder: Path) -> AutoConfig:
    """What the folder was begun with; StudyError where it was not, or that was changed."""
    file = folder / FILE
    try:
        data = read_bounded(file, LIMIT)
    except FileNotFoundError:
        raise StudyError(f"{folder} was not made by `autorecon auto`: it has no {FILE}") from None
    except OSError as error:
        raise StudyError(f"cannot read {file}: {error.strerror}") from None
    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{file} is damaged ({error}): {_REMEDY}") from None
    if not is_whole_toml(data):
        raise StudyError(f"{file} is not what this began with: {_REMEDY}")
    return _structured(values)


def _structured(values: Mapping[str, Any]) -> AutoConfig:
    """Of a course's own auto.toml as well, which says what made it."""
    return structured({k: v for k, v in values.items() if k != "software"}, AutoConfig)


_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def seconds_of(text: str) -> float:
    """Of 90s, 30m or 1.5h; StudyError for anything else."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh])(?:in)?", text.strip().lower())
    if not match or not float(match[1]):
        raise StudyError(f"time = '{text}' is no time: write it as 30m, 90s or 1.5h")
    return float(match[1]) * _UNITS[match[2]]
