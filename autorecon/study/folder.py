"""The folder of a study: what is compared, a line a cell, genotypes, and work in progress."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import tomli_w

from autorecon.compress.config import BEFORE
from autorecon.compress.methods.method import METHODS
from autorecon.graph import Space
from autorecon.reading import read_bounded
from autorecon.records.cells import CellLog, CellRecord
from autorecon.records.errors import RecordError
from autorecon.records.schema import structured
from autorecon.runs import Progress, check_contained, locked, write_text
from autorecon.study.cells import Cell
from autorecon.study.errors import StudyError
from autorecon.study.spec import FILE, Study
from autorecon.workflow.config import RunConfig, read_config
from autorecon.workflow.spaces import is_written, write_genotype

RECORD = 1_000_000
"""Bytes of a cell's record that waits for the log."""
_REMOVE = "remove it to have its cell done again"


@attrs.frozen
class StudyFolder:
    """A study's files by name. Its study.toml and records are enough to go on from."""

    path: Path

    @property
    def log(self) -> CellLog:
        """What its cells brought."""
        return CellLog(self.path / "records.jsonl")

    def genotype_path(self, genotype: str) -> Path:
        return self.path / "genotypes" / f"{genotype}.space"

    def work_path(self, cell: Cell) -> Path:
        """The run folder of a cell that is not done; another one where its settings differ."""
        return self.path / "work" / cell.digest

    def claim_path(self, cell: Cell) -> Path:
        """Who does a cell, where several may."""
        return self.path / "work" / f"{cell.digest}.claim"

    def job_path(self, cell: Cell) -> Path:
        """The job that a cell was given to, from when it waits for a place."""
        return self.path / "work" / f"{cell.digest}.job"

    @property
    def jobs_path(self) -> Path:
        """What submitit writes of jobs, and their logs, while there is work."""
        return self.path.resolve() / "work" / "jobs"

    def record_path(self, cell: Cell) -> Path:
        """The record of a cell that was done elsewhere, until it stands in the log."""
        return self.path / "work" / f"{cell.digest}.json"

    def leave(self, cell: Cell, record: CellRecord) -> None:
        """Leave a cell's record for the study's process to find."""
        write_text(self.record_path(cell), json.dumps(attrs.asdict(record)))

    def left(self, cell: Cell) -> CellRecord | None:
        """The record that was left, if any; RecordError for a damaged one."""
        path = self.record_path(cell)
        try:
            values = json.loads(read_bounded(path, RECORD))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise RecordError(f"{path} is damaged ({error}): {_REMOVE}") from error
        return structured(values, CellRecord, str(path), _REMOVE)

    def images_path(self, cell: Cell) -> Path:
        """The images of a cell that others are to learn from as well."""
        return self.path / "work" / f"images-{cell.images}.safetensors"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the study against other processes; RunError if another holds it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            yield

    def write(self, study: Study, software: dict[str, str]) -> None:
        """study.toml: everything to repeat the study."""
        write_text(self.path / FILE, tomli_w.dumps(study.to_toml() | {"software": software}))

    def check_free(self) -> None:
        """Raise StudyError where the folder holds something, and no study."""
        if self.path.is_dir() and not (self.path / FILE).exists():
            names = {entry.name for entry in self.path.iterdir()} - {".lock"}
            if names:
                raise StudyError(
                    f"{self.path} is not empty (it holds {min(names)}): name another folder"
                )

    def records(self, cells: Iterable[Cell]) -> dict[str, CellRecord | None]:
        """What is known of each cell.

        Raises RecordError for a damaged record, StudyError for one of other settings than the
        cell's, RunError for a folder that leads out of itself.
        """
        check_contained(self.path)
        found = self.log.read()
        if not found and (self.path / "cells").is_dir():
            raise StudyError(
                f"{self.path} keeps a file a cell, as before 0.2: convert it with "
                f"`python -m autorecon.study.former {self.path}`"
            )
        return {cell.id: self._checked(cell, found.get(cell.id)) for cell in cells}

    def _checked(self, cell: Cell, found: CellRecord | None) -> CellRecord | None:
        try:
            same = found is None or _settings(found, cell) == cell.config
        except ValueError as error:
            error.add_note(f"in the record of {cell.id} in {self.log.path}")
            raise
        if not same:
            raise StudyError(
                f"{cell.id} in {self.log.path} was made with other settings than it has now: give "
                "those of the study as it was begun (budget, settings), or another folder"
            )
        if found and cell.kind != "compress" and not found.error and not found.genotype:
            return None  # its genotype was lost before it was converted
        return found

    def write_genotype(self, genotype: str, space: Space, progress: Progress) -> Path:
        """genotypes/ID.space, made unless it is there, with the space that it is of beside it; one
        that says something else is made again.

        Raises ArchitectureError where it is of another space.
        """
        found = space.from_id(genotype)
        path = self.genotype_path(genotype)
        if not is_written(found, space, path):
            if path.exists():
                progress.say(f"warning: {path} is not what was found; it is written again")
            write_genotype(found, space, path)
        return path

    def clear(self, cells: Iterable[Cell]) -> None:
        """Remove what is left of work on these cells, which are done."""
        for cell in cells:
            path = self.work_path(cell)
            shutil.rmtree(path, ignore_errors=True)
            shutil.rmtree(path.with_name(f"{path.name}.new"), ignore_errors=True)
            for left in (self.record_path(cell), self.claim_path(cell), self.job_path(cell)):
                left.unlink(missing_ok=True)
        work = self.path / "work"
        with contextlib.suppress(OSError):
            if {entry.name for entry in work.iterdir()} <= {self.jobs_path.name}:
                shutil.rmtree(work)

    def forget_images(self, cells: Iterable[Cell], ended: Container[str]) -> None:
        """Remove the images from which no cell is left to learn."""
        cells = list(cells)
        needed = {cell.images for cell in cells if cell.id not in ended}
        for cell in cells:
            if cell.images and cell.images not in needed:
                self.images_path(cell).unlink(missing_ok=True)


def _settings(found: CellRecord, cell: Cell) -> RunConfig:
    """Those of a record, with the cell's own where what was done does not depend on them.

    A draw depends on its space and teacher, a search that selects nothing on no compression.
    """
    config, own = read_config(_as_they_were(found.settings)), cell.config
    if cell.kind == "draw":
        return attrs.evolve(own, space=config.space, teacher=config.teacher)
    if cell.kind == "search" and not own.selects and not config.selects:
        return attrs.evolve(config, compress=own.compress, select=own.select)
    return config


def _as_they_were(settings: dict[str, Any]) -> dict[str, Any]:
    """With those that were not there yet, of methods that have them now."""
    own = settings.get("compress", {})
    has = METHODS[own["method"]].settings if own.get("method") in METHODS else {}
    before = {name: value for name, value in BEFORE.items() if name in has}
    return settings | {"compress": before | own} if own else settings
