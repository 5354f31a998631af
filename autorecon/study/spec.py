"""What a study compares, as a TOML file states it."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import attrs

from autorecon.compress import METHODS, Bits
from autorecon.compress.methods.method import find_method
from autorecon.lang import did_you_mean
from autorecon.reading import read_bounded
from autorecon.runs.folder import STUDY as FILE
from autorecon.study.cluster import Cluster
from autorecon.study.errors import StudyError
from autorecon.workflow.config import TRIAL_SEEDS, TeacherConfig, structured, write_config
from autorecon.workflow.settings import RECIPE, combine, shipped_toml

MOST_SEEDS = 1000
OWN = {"bits": "bits", "student": "students", "seed": "seeds", "evaluate_every": ""}
"""Settings of a compression that are for the study to set, and the field that says them."""

LIMIT = 1_000_000
"""Bytes of a study's file."""


@attrs.frozen
class Search:
    """A search, done once for each teacher and seed; `count` limits how many different seeds.

    What is not given is as the recipe has it, by default that of `autorecon search`. `compress` is
    what the recipe's selection compresses with.
    """

    name: str
    count: int = 0
    recipe: str = RECIPE
    space: dict[str, Any] = attrs.Factory(dict)
    search: dict[str, Any] = attrs.Factory(dict)
    select: dict[str, Any] = attrs.Factory(dict)
    compress: dict[str, Any] = attrs.Factory(dict)


@attrs.frozen
class Variant:
    """One of the things compared: a generator, and settings of the compression that are its own.

    The generator is a file or a shipped name, or what the named search `discovered`, or what is
    `drawn` from its space, every valid architecture alike, another one for each seed; or none.
    `set` are its parameters, `ops` modules that declare operations it uses beside the catalogue's
    and those of its search, `compress` settings as in a run's config.toml. `against` names the
    variant that differences are to, where it is not that of the study.
    """

    name: str
    generator: str = ""
    discovered: str = ""
    drawn: str = ""
    set: dict[str, int | float | bool] = attrs.Factory(dict)
    ops: list[str] = attrs.Factory(list)
    compress: dict[str, Any] = attrs.Factory(dict)
    against: str = ""

    @property
    def source(self) -> str:
        """The name of the search that this depends on, if any."""
        return self.discovered or self.drawn


@attrs.frozen
class Published:
    """Figures that others published for rows of the same form: variant -> setting -> percent."""

    of: str
    source: str
    teachers: list[str]
    figures: dict[str, dict[str, float]]


@attrs.frozen
class Study:
    """A teacher is a name, or a table as `teacher` in a run's config.toml.

    `seeds` of every variant, from `first_seed` on, at every setting (bits, or a student to distil
    into) of every teacher. `budget` multiplies the steps of all. Differences are to the first of
    `compare` that a setting has. `cluster` is what its cells ask for where they are jobs. Raises
    StudyError.
    """

    title: str
    teachers: list[Any]
    variant: list[Variant]
    seeds: int = 5
    first_seed: int = 0
    budget: float = 1.0
    bits: list[str] = attrs.Factory(list)
    students: list[str] = attrs.Factory(list)
    compare: list[str] = attrs.Factory(list)
    compress: dict[str, Any] = attrs.Factory(dict)
    search: list[Search] = attrs.Factory(list)
    published: list[Published] = attrs.Factory(list)
    cluster: Cluster = attrs.Factory(Cluster)

    def __attrs_post_init__(self) -> None:
        self._check_numbers()
        for what, names in (
            ("teacher", [teacher.name for teacher in self.networks]),
            ("variant", [variant.name for variant in self.variant]),
            ("search", [search.name for search in self.search]),
            ("bits", self.bits),
            ("student", self.students),
        ):
            _check_names(what, names)
        for variant in self.variant:
            self._check_variant(variant)
        known = [variant.name for variant in self.variant]
        for name in (*self.compare, *filter(None, (v.against for v in self.variant))):
            _require(
                name in known,
                f"there is no variant '{name}' to compare with: {did_you_mean(name, known)}",
            )

    def _check_numbers(self) -> None:
        _require(1 <= self.seeds <= MOST_SEEDS, f"seeds = {self.seeds} must be 1 to {MOST_SEEDS}")
        most = TRIAL_SEEDS - self.seeds
        _require(
            0 <= self.first_seed <= most, f"first_seed = {self.first_seed} must be 0 to {most}"
        )
        _require(0 < self.budget < 1e6, f"budget = {self.budget:g} must be above 0, and finite")
        _require(bool(self.teachers), "it names no teachers")
        _require(bool(self.variant), "it names no variants to compare")
        for search in self.search:
            _require(search.count >= 0, f"search {search.name}: count must be 0 or more")
        for bits in self.bits:
            Bits.parse(bits)

    def _check_variant(self, variant: Variant) -> None:
        kinds = [k for k in ("generator", "discovered", "drawn") if getattr(variant, k)]
        _require(len(kinds) < 2, f"variant {variant.name} has both {' and '.join(kinds)}")
        known = [search.name for search in self.search]
        if variant.source and variant.source not in known:
            hint = did_you_mean(variant.source, known) if known else "there is none"
            raise StudyError(f"variant {variant.name}: no search '{variant.source}': {hint}")
        for name in OWN.keys() & (self.compress | variant.compress).keys():
            instead = f"say it by `{OWN[name]}`" if OWN[name] else "students are scored at the end"
            raise StudyError(f"variant {variant.name}: {name} is no setting here: {instead}")
        settings, need = self.settings_of(variant), "students" if self.distils(variant) else "bits"
        _require(bool(settings), f"variant {variant.name} has a method that needs `{need}`")

    @property
    def networks(self) -> list[TeacherConfig]:
        """The teachers, those of which only the name was given too."""
        named = (
            {"name": teacher} if isinstance(teacher, str) else teacher for teacher in self.teachers
        )
        return [structured(values, TeacherConfig) for values in named]

    def settings_of(self, variant: Variant) -> list[str]:
        """What the teacher becomes: bit widths, or students of a method that distils."""
        return self.students if self.distils(variant) else self.bits

    def distils(self, variant: Variant) -> bool:
        """Whether the variant's method trains a student of its own architecture."""
        name = self._method(variant)
        if name not in METHODS:
            hint = did_you_mean(name, list(METHODS))
            raise StudyError(f"variant {variant.name}: there is no method '{name}': {hint}")
        return METHODS[name].family == "distillation"

    def only(self, names: Sequence[str]) -> Study:
        """The same with these variants alone; StudyError for a name that there is not."""
        known = [variant.name for variant in self.variant]
        for name in names:
            _require(name in known, f"there is no variant '{name}': {did_you_mean(name, known)}")
        kept = [
            attrs.evolve(variant, against=variant.against if variant.against in names else "")
            for variant in self.variant
            if variant.name in names
        ]
        compare = [name for name in self.compare if name in names]
        return attrs.evolve(self, variant=kept, compare=compare)

    def with_compress(self, own: Mapping[str, Any]) -> Study:
        """The same with these settings of every compression whose method has them.

        Those that a search selects by have them too. Raises StudyError for a setting that no method
        here has.
        """
        variants = [
            attrs.evolve(v, compress=v.compress | _known(own, self._method(v)))
            for v in self.variant
        ]
        for name in own:
            has = any(name in variant.compress for variant in variants)
            _require(has, f"no method that is compared has a setting `{name}`")
        searches = [attrs.evolve(s, compress=s.compress | _of_search(s, own)) for s in self.search]
        return attrs.evolve(self, variant=variants, search=searches)

    def _method(self, variant: Variant) -> str:
        return str((self.compress | variant.compress).get("method", "gdfq"))

    def against(self, name: str) -> Study:
        """The same with differences to this variant, where a setting has it; StudyError."""
        alike = [attrs.evolve(variant, against="") for variant in self.variant]
        return attrs.evolve(self, variant=alike, compare=[name, *self.compare])

    @property
    def all_seeds(self) -> range:
        """The seeds of every variant."""
        return range(self.first_seed, self.first_seed + self.seeds)

    def to_toml(self) -> dict[str, Any]:
        """Plain values, from which `structured` makes the same study."""
        return write_config(self)


def _of_search(search: Search, own: Mapping[str, Any]) -> dict[str, Any]:
    whole = combine(None, {"compress": search.compress}, [], search.recipe)
    return _known(own, str(whole.get("compress", {}).get("method", "gdfq")))


def _known(settings: Mapping[str, Any], method: str) -> dict[str, Any]:
    """Of some settings those that a method has."""
    has = find_method(method).settings
    return {key: value for key, value in settings.items() if key in has}


def _check_names(what: str, names: Iterable[str]) -> None:
    """Names end up in those of files, in which only letters, of whatever script, digits and ._+-
    stay."""
    counted = Counter(slug(name) for name in names)
    twice = [name for name in names if counted[slug(name)] > 1]
    _require(not twice, f"more than one {what} of one name: {', '.join(twice)}")
    _require(all(counted), f"a {what} has no name")


def slug(name: str) -> str:
    """A name as part of a path."""
    return re.sub(r"[^\w.+]+", "-", unicodedata.normalize("NFC", name)).strip(".-")


def _require(holds: bool, demand: str) -> None:
    if not holds:
        raise StudyError(demand)


def shipped_studies() -> dict[str, str]:
    """The studies that come with the package by name, as TOML."""
    return shipped_toml(files("autorecon.study") / "tables")


def find_study(name: str, changes: Mapping[str, Any]) -> Study:
    """A study by the folder or file that holds it, or a shipped one; StudyError, ConfigError.

    `changes` replace fields of it.
    """
    path = Path(name)
    if path.is_dir() and not (path / FILE).exists():
        raise StudyError(f"{path} is a folder without a {FILE}: it holds no study")
    file = path / FILE if path.is_dir() else path
    if file.exists():
        return read_study(_text(file), str(file), changes)
    known = shipped_studies()
    if name not in known:
        hint = did_you_mean(name, list(known))
        raise StudyError(f"there is neither a file {name} nor a shipped study of that name: {hint}")
    return read_study(known[name], name, changes)


def _text(file: Path) -> str:
    try:
        return read_bounded(file, LIMIT).decode("utf-8")
    except UnicodeDecodeError as error:
        raise StudyError(f"{file} is not UTF-8 text: {error}") from None
    except OSError as error:
        raise StudyError(f"cannot read {file}: {error.strerror}") from None


def read_study(text: str, name: str, changes: Mapping[str, Any] | None = None) -> Study:
    """A study from TOML, with `changes` in place of its fields."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise StudyError(f"{name} is not TOML: {error}") from None
    except RecursionError:
        raise StudyError(f"{name} is nested too deeply") from None
    values.pop("software", None)
    try:
        return structured(values | dict(changes or {}), Study)
    except ValueError as error:
        error.add_note(f"in the study {name}")
        raise
