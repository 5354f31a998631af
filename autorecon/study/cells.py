"""The cells of a study: what is searched, drawn and compressed, in the order of doing it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import attrs

from autorecon.search import SearchConfig
from autorecon.study.budget import scaled
from autorecon.study.spec import Search, Study, Variant, slug
from autorecon.workflow.config import RunConfig, TeacherConfig, read_config, write_config
from autorecon.workflow.settings import combine


@attrs.frozen
class Cell:
    """One thing to do, on one thread. `needs` is the cell whose genotype it compresses with.

    A cell that draws does so from the space of its config. A compression's `setting` is what the
    teacher becomes, and its config's `space.file` says whose genotype it is with, as `CELL.space`.
    `images` names what its student learns from where other cells of the study can learn from the
    same. What is `judged` keeps its work for a judge, who removes it.
    """

    id: str
    kind: Literal["search", "draw", "compress"]
    config: RunConfig
    teacher: str
    seed: int
    needs: str | None = None
    setting: str = ""
    variant: str = ""
    images: str = ""
    judged: bool = False

    @property
    def place(self) -> str:
        """What the cell is one seed of."""
        return place_of(self.id)

    @property
    def steps(self) -> int:
        """Steps of optimisers, all kinds alike."""
        search, select, compress = self.config.search, self.config.select, self.config.compress
        if self.kind == "draw":
            return 0
        if self.kind == "compress":
            return compress.ticks
        tried = select.candidates + bool(select.known)
        trials = tried * select.seeds if self.config.selects else 0
        return search.ticks_before(search.epochs) + round(trials * select.budget * compress.ticks)

    @property
    def digest(self) -> str:
        """A name for what is done, which differs where any setting does."""
        return _digest([self.id, write_config(self.config)])

    @property
    def image_digest(self) -> str:
        """A name for all that the images depend on; "" where the student is a part of that."""
        compress = self.config.compress.image_settings if self.kind == "compress" else None
        if compress is None:
            return ""
        return _digest([self.needs, write_config(attrs.evolve(self.config, compress=compress))])


def place_of(cell: str) -> str:
    """Of a cell's id all but the seed."""
    return cell.rpartition("/")[0]


@attrs.frozen
class Task:
    """A cell with the file of the genotype that it needs, if any, the memory it may take, and the
    device that it is computed on."""

    cell: Cell
    genotype: Path | None = None
    memory: str = ""
    device: str = "cpu"

    @property
    def config(self) -> RunConfig:
        """The cell's, with the genotype where that is, and the limit of this machine."""
        config = attrs.evolve(self.cell.config, device=self.device)
        config = attrs.evolve(config, memory=attrs.evolve(config.memory, limit=self.memory))
        if self.genotype is None:
            return config
        return attrs.evolve(config, space=attrs.evolve(config.space, file=str(self.genotype)))


def _digest(values: list[Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:16]


def plan(study: Study) -> list[Cell]:
    """All cells, each after the one it needs, seed by seed, so that early ones compare all.

    Raises ConfigError, CompressError, SearchError or ObjectiveError where a setting makes no sense.
    """
    cells: dict[str, Cell] = {}
    for seed in study.all_seeds:
        for teacher in study.networks:
            for variant in study.variant:
                for cell in _variant(study, teacher, variant, seed):
                    cells.setdefault(cell.id, cell)
    return _sharing(list(cells.values()))


def _sharing(cells: list[Cell]) -> list[Cell]:
    """The same, those that can share their images with others saying so."""
    names = [cell.image_digest for cell in cells]
    counted = Counter(names)
    return [
        attrs.evolve(cell, images=name) if name and counted[name] > 1 else cell
        for cell, name in zip(cells, names, strict=True)
    ]


def _variant(study: Study, teacher: TeacherConfig, variant: Variant, seed: int) -> Iterator[Cell]:
    for setting in study.settings_of(variant):
        source = _source(study, teacher, variant, seed, setting)
        if source:
            yield source
        yield _compression(study, teacher, variant, seed, setting, source)


def _source(
    study: Study, teacher: TeacherConfig, variant: Variant, seed: int, setting: str
) -> Cell | None:
    """The cell that gives a variant its genotype.

    A search that selects by compressing does so to the bits that its genotype is for.
    """
    named = next((search for search in study.search if search.name == variant.source), None)
    if named is None:
        return None
    number = seed % named.count if variant.discovered and named.count else seed
    config = _search_config(study, teacher, named, number)
    place = f"{slug(teacher.name)}/{'search' if variant.discovered else 'draw'}-{slug(named.name)}"
    if variant.drawn:
        # Of the rest of its settings a draw depends on nothing but whether the label must count.
        search = SearchConfig(objective=config.search.objective)
        own = RunConfig(
            command="search", threads=1, space=config.space, teacher=teacher, search=search
        )
        return Cell(f"{place}/seed{number}", "draw", own, teacher.name, number)
    trials = config.compress.recipe.settings
    if config.selects and setting in study.bits and "bits" in trials.keys() - named.compress.keys():
        config = attrs.evolve(config, compress=attrs.evolve(config.compress, bits=setting))
        place = f"{place}/{slug(setting)}"
    return Cell(f"{place}/seed{number}", "search", config, teacher.name, number)


def _search_config(study: Study, teacher: TeacherConfig, named: Search, seed: int) -> RunConfig:
    sections = {
        "space": named.space | {"baseline": ""},
        "search": named.search | {"seed": seed},
        "select": named.select,
        "compress": named.compress,
    }
    values = combine(None, sections, [], named.recipe)
    return scaled(_read(values | {"command": "search"}, teacher), study.budget)


def _compression(
    study: Study,
    teacher: TeacherConfig,
    variant: Variant,
    seed: int,
    setting: str,
    source: Cell | None,
) -> Cell:
    file = f"{source.id}.space" if source else variant.generator
    ops = [*(source.config.space.ops if source else ()), *variant.ops]
    own = study.compress | variant.compress
    own[("student" if study.distils(variant) else "bits")] = setting
    values = {
        "command": "compress",
        "space": {"file": file, "baseline": "", "set": dict(variant.set), "ops": ops},
        "compress": own,
        "seeds": [seed],
    }
    config = scaled(_read(values, teacher), study.budget)
    return Cell(
        f"{slug(teacher.name)}/{slug(setting)}/{slug(variant.name)}/seed{seed}",
        "compress",
        config,
        teacher.name,
        seed,
        source.id if source else None,
        setting,
        variant.name,
    )


def _read(values: dict[str, Any], teacher: TeacherConfig) -> RunConfig:
    """One thread a cell: there are as many cells at a time as cores, and results do not depend on
    how many those are."""
    return attrs.evolve(read_config(values | {"threads": 1}), teacher=teacher)
