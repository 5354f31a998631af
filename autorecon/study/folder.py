"""The folder of a study: what is compared, a JSON file a cell, genotypes, and work in progress."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import Any

import attrs
import tomli_w

from autorecon.runs import locked, write_text
from autorecon.runs.atomic import sweep
from autorecon.study.cells import Cell
from autorecon.study.errors import StudyError
from autorecon.study.spec import FILE, Study
from autorecon.workflow.config import RunConfig, read_config, structured

FORMAT = 1
LIMIT = 1_000_000
"""Bytes of a cell's record; one takes about three thousand."""


@attrs.frozen
class Made:
    """The generator that a cell compressed with, or the genotype that it found."""

    space: str
    parameters: int
    macs: int


@attrs.frozen
class Record:
    """What a cell brought; accuracies are in percent of the test images, None where none are.

    `settings` are those of its config.toml, `fingerprint` is of the generator's architecture, or of
    the space that was searched or drawn from, "" where there is none. `error` says why there is
    nothing; `final` that trying again would end as it did.
    """

    cell: str
    settings: dict[str, Any]
    format: int = FORMAT
    steps: int = 0
    seconds: float = 0.0
    accuracy: float | None = None
    calibrated: float | None = None
    full_precision: float | None = None
    generator: Made | None = None
    fingerprint: str = ""
    warnings: list[str] = attrs.Factory(list)
    software: dict[str, str] = attrs.Factory(dict)
    error: str = ""
    final: bool = True

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do, be it that the cell cannot end otherwise."""
        return not self.error or self.final


@attrs.frozen
class StudyFolder:
    """A study's files by name. Cells' records and genotypes are enough to go on from."""

    path: Path

    @property
    def cells(self) -> Path:
        return self.path / "cells"

    def record_path(self, cell_id: str) -> Path:
        return self.cells / f"{cell_id}.json"

    def genotype_path(self, cell_id: str) -> Path:
        return self.cells / f"{cell_id}.space"

    def work_path(self, cell: Cell) -> Path:
        """The run folder of a cell that is not done; another one where its settings differ."""
        return self.path / "work" / cell.digest

    def images_path(self, cell: Cell) -> Path:
        """The images of a cell that others are to learn from as well."""
        return self.path / "work" / f"images-{cell.images}.safetensors"

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the study against other processes; RunError if another holds it."""
        self.path.mkdir(parents=True, exist_ok=True)
        with locked(self.path):
            sweep(self.path)
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

    def record(self, cell: Cell) -> Record | None:
        """What is known of a cell; None if nothing is.

        Raises StudyError if the file is no record, or is of other settings than the cell's.
        """
        path = self.record_path(cell.id)
        if not path.exists():
            return None
        try:
            found = structured(json.loads(_text(path)), Record)
            same = found.format == FORMAT and _settings(found, cell) == cell.config
        except (ValueError, RecursionError, OSError) as error:
            raise StudyError(f"{path} is no record of a cell: {error}") from None
        if not same:
            raise StudyError(
                f"{path} was made with other settings than {cell.id} has now: give those of the "
                "study as it was begun (budget, settings), or another folder"
            )
        if cell.kind != "compress" and not found.error and not self.genotype_path(cell.id).exists():
            return None
        return found

    def save(self, record: Record) -> None:
        """Write the record of a cell, and so be done with it."""
        text = json.dumps(attrs.asdict(record), indent=1) + "\n"
        write_text(self.record_path(record.cell), text)

    def clear(self, cells: Iterable[Cell]) -> None:
        """Remove what is left of work on these cells, which are done."""
        for cell in cells:
            path = self.work_path(cell)
            shutil.rmtree(path, ignore_errors=True)
            shutil.rmtree(path.with_name(f"{path.name}.new"), ignore_errors=True)
        with contextlib.suppress(OSError):
            (self.path / "work").rmdir()

    def forget_images(self, cells: Iterable[Cell], ended: Container[str]) -> None:
        """Remove the images from which no cell is left to learn."""
        cells = list(cells)
        needed = {cell.images for cell in cells if cell.id not in ended}
        for cell in cells:
            if cell.images and cell.images not in needed:
                self.images_path(cell).unlink(missing_ok=True)


def _settings(found: Record, cell: Cell) -> RunConfig:
    """Those of a record, with the cell's own where what was done does not depend on them.

    A draw depends on its space and teacher, a search that selects nothing on no compression.
    """
    config, own = read_config(found.settings), cell.config
    if cell.kind == "draw":
        return attrs.evolve(own, space=config.space, teacher=config.teacher)
    if cell.kind == "search" and not own.selects and not config.selects:
        return attrs.evolve(config, compress=own.compress, select=own.select)
    return config


def _text(path: Path) -> str:
    if path.stat().st_size > LIMIT:
        raise ValueError(f"it is larger than {LIMIT:,} bytes")
    return path.read_text("utf-8")
