"""Whether a study can be done, found before anything of it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from autorecon.graph import Space
from autorecon.graph.sampling.sample import valid_sample
from autorecon.records.cells import CellRecord
from autorecon.runs import Progress
from autorecon.study.cells import Cell, Task, place_of
from autorecon.study.errors import StudyError
from autorecon.study.folder import StudyFolder
from autorecon.study.rows import Records
from autorecon.teachers import Teacher
from autorecon.workflow.prepare import Prepared, prepare


def check(cells: Sequence[Cell], known: Records, given: Teacher | None = None) -> dict[str, Space]:
    """Raise what is wrong with a teacher, its data, a method or a generator; give the spaces of
    what is searched and drawn from, by place. A teacher that is given takes the place of all.

    A cell whose genotype is still to be found is checked with an arbitrary one of its space. Raises
    StudyError where that one fits by chance alone, and where a space is another one than that of a
    record: figures of both would end in one row.
    """
    seen: dict[tuple[str, ...], str] = {}
    spaces: dict[str, Space] = {}
    examples: dict[str, Path] = {}
    prepared: dict[str, Prepared] = {}
    with TemporaryDirectory() as name:
        folder, quiet = StudyFolder(Path(name)), Progress(quiet=True)
        for cell in cells:
            # Seeds and bits make no difference to what fits; a student does.
            fits = cell.variant or cell.place, cell.config.compress.student
            key = (cell.teacher, cell.kind, *fits)
            if key not in seen:
                source = place_of(cell.needs) if cell.needs else None
                task = Task(cell, examples[source] if source else None)
                space = _space(task, spaces[source] if source else None, given, prepared)
                seen[key] = space.fingerprint if space else ""
                if space and cell.kind != "compress":
                    spaces[cell.place] = space
                    examples[cell.place] = folder.write_genotype(_example(space), space, quiet)
            now = "" if cell.needs else seen[key]
            _check_same(cell, known[cell.id], now)
    return spaces


def _check_labels(cell: Cell, source: Space) -> None:
    """Raise StudyError unless all that may be found in a space knows the class, where one asks."""
    who = cell.config.compress.asks_classes
    if who and source.requiring("label") is not source:
        raise StudyError(
            f"{who} asks for images of a class, and not every generator of {source.name} knows it: "
            "let the objective of the search ask for it as well, as 'ce' does"
        )


def _check_same(cell: Cell, record: CellRecord | None, now: str) -> None:
    """Raise StudyError where a record is of another space than the one of fingerprint `now`."""
    if record and now and record.fingerprint not in ("", now):
        raise StudyError(
            f"{cell.id} was done with another {cell.config.space.file} than there is now: put "
            "that back, name another folder, or remove the lines of records.jsonl that are of it"
        )


def _space(
    task: Task, source: Space | None, given: Teacher | None, known: dict[str, Prepared]
) -> Space | None:
    """What a cell is to search, draw from or compress with: of `source`, an arbitrary one.

    What was prepared is kept by its teacher, which is loaded and captured once for all its cells.
    """
    which = str(task.config.teacher)
    try:
        if source:
            _check_labels(task.cell, source)
        prepared = prepare(task.config, given, known.get(which))
        if prepared.coverage or which not in known:
            known[which] = prepared
        return prepared.generator
    except Exception as error:
        error.add_note(f"in the cell {task.cell.id}")
        raise


def _example(space: Space) -> str:
    return space.architecture_id(space.genotype(valid_sample(space, Random(0))))
