"""Doing a study: what is not done yet, on all cores, each cell when what it needs is there."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import attrs

from autorecon.graph import Space
from autorecon.graph.sample import valid_sample
from autorecon.runs import Progress, duration
from autorecon.study.cells import Cell, plan
from autorecon.study.errors import StudyError
from autorecon.study.estimate import Estimate
from autorecon.study.folder import Record, StudyFolder
from autorecon.study.pool import Pool
from autorecon.study.provenance import made_by
from autorecon.study.rows import Records
from autorecon.study.spec import Study
from autorecon.workflow.config import write_config
from autorecon.workflow.prepare import prepare
from autorecon.workflow.spaces import write_genotype

_SAY_EVERY = 60.0  # seconds, while no cell ends


def run(study: Study, folder: StudyFolder, jobs: int, progress: Progress) -> dict[str, Record]:
    """Do what is left of a study; give the records of all its cells.

    A cell that fails is a record that says so; those whose end was no result of the method are
    tried again. Raises StudyError, and what `prepare` raises, before anything is done.
    """
    cells = plan(study)
    folder.check_free()
    known = read_records(folder, cells)
    check(cells, known)
    with folder.lock():
        folder.write(study, made_by())
        left = [cell for cell in cells if not _is_done(known[cell.id])]
        records = {cell.id: record for cell in cells if (record := known[cell.id])}
        if left:
            records |= _Doing(folder, cells, records, progress).all(left, jobs)
        folder.forget_images(cells, records)
        folder.clear(cell for cell in cells if _is_done(records.get(cell.id)))
    return records


def read_records(folder: StudyFolder, cells: Iterable[Cell]) -> dict[str, Record | None]:
    """What is known of each cell; StudyError where a record is of other settings."""
    return {cell.id: folder.record(cell) for cell in cells}


def check(cells: Iterable[Cell], known: Records) -> None:
    """Raise what is wrong with a teacher, its data, a method or a generator.

    A cell whose genotype is still to be found is checked with an arbitrary one of its space. Raises
    StudyError where that one fits by chance alone, and where a space is another one than that of a
    record: figures of both would end in one row.
    """
    seen: dict[tuple[str, ...], str] = {}
    examples: dict[str, tuple[Space, Path]] = {}
    with TemporaryDirectory() as folder:
        for cell in cells:
            # Seeds and bits make no difference to what fits; a student does.
            place = cell.id.rpartition("/")[0]
            key = (cell.teacher, cell.kind, cell.variant or place, cell.config.compress.student)
            if key not in seen:
                needed = examples[cell.needs.rpartition("/")[0]] if cell.needs else None
                space = _space(cell, needed)
                seen[key] = space.fingerprint if space else ""
                if space and cell.kind != "compress":
                    path = Path(folder, str(len(examples)), "example.space")
                    examples[place] = space, path
                    _write_example(space, path)
            now = "" if cell.needs else seen[key]
            _check_same(cell, known[cell.id], now)


def _check_same(cell: Cell, record: Record | None, now: str) -> None:
    """Raise StudyError where a record is of another space than the one of fingerprint `now`."""
    if record and now and record.fingerprint not in ("", now):
        raise StudyError(
            f"{cell.id} was done with another {cell.config.space.file} than there is now: put "
            "that back, name another folder, or remove the records that are of it"
        )


def _space(cell: Cell, needed: tuple[Space, Path] | None) -> Space | None:
    """What a cell is to search, draw from or compress with: an example, where that is `needed`."""
    config = cell.config
    try:
        if needed:
            source, example = needed
            _check_labels(config.compress.asks_classes, source)
            config = attrs.evolve(config, space=attrs.evolve(config.space, file=str(example)))
        return prepare(config).generator
    except Exception as error:
        error.add_note(f"in the cell {cell.id}")
        raise


def _check_labels(who: str, source: Space) -> None:
    """Raise StudyError unless all that may be found in a space knows the class, if `who` asks."""
    if who and source.requiring("label") is not source:
        raise StudyError(
            f"{who} asks for images of a class, and not every generator of {source.name} knows it: "
            "let the objective of the search ask for it as well, as 'ce' does"
        )


def _write_example(space: Space, path: Path) -> None:
    found = space.genotype(valid_sample(space, Random(0)))
    path.parent.mkdir()
    write_genotype(found, space, path)


def _is_done(record: Record | None) -> bool:
    return record is not None and record.done


@attrs.define
class _Doing:
    folder: StudyFolder
    cells: list[Cell]
    records: dict[str, Record]
    progress: Progress
    shares: dict[str, float] = attrs.Factory(dict)
    ended: int = 0

    def all(self, left: list[Cell], jobs: int) -> dict[str, Record]:
        """Do the cells that are left, each after what it needs, and give their records."""
        self.ended = len(self.cells) - len(left)
        for cell in left:
            self.records.pop(cell.id, None)
        waiting = deque(left)
        self.progress.say(f"{len(left)} of {len(self.cells)} cells to do, {jobs} at a time")
        said = time.monotonic()
        with Pool(self.folder, jobs) as pool:
            while waiting or pool.running:
                while pool.free and (ready := self._next(waiting)):
                    pool.give(ready)
                    self.shares[ready.id] = 0.0
                # Nothing runs where the last that waited can never begin.
                for cell, event in pool.events(_SAY_EVERY) if pool.running else ():
                    if isinstance(event, float):
                        self.shares[cell.id] = event
                        continue
                    self._end(cell, self._lost(cell, event) if isinstance(event, str) else event)
                    self._say(f"{cell.id}: {_outcome(self.records[cell.id])}", jobs)
                    said = time.monotonic()
                if time.monotonic() - said >= _SAY_EVERY:
                    self._say("running", jobs)
                    said = time.monotonic()
        return self.records

    def _next(self, waiting: deque[Cell]) -> Cell | None:
        """The first cell that has what it needs; those that will never have it end here."""
        for cell in list(waiting):
            needed = self.records.get(cell.needs) if cell.needs else None
            if cell.needs and needed is None:
                continue
            if self._being_made(cell):
                continue
            waiting.remove(cell)
            if needed is None or not needed.error:
                return cell
            why = f"{cell.needs} failed: {needed.error}"
            self._end(cell, self._failed(cell, why, final=needed.final))
        return None

    def _being_made(self, cell: Cell) -> bool:
        """Whether the images that a cell learns from are being made by one that runs."""
        if not cell.images or self.folder.images_path(cell).exists():
            return False
        return any(other.images == cell.images for other in self.cells if other.id in self.shares)

    def _end(self, cell: Cell, record: Record) -> None:
        self.shares.pop(cell.id, None)
        self.records[cell.id] = record
        self.ended += 1
        self.folder.forget_images(self.cells, self.records)

    def _lost(self, cell: Cell, why: str) -> Record:
        """The record of a cell whose process died, which could not write one."""
        return self._failed(cell, why, final=False)

    def _failed(self, cell: Cell, why: str, final: bool) -> Record:
        settings = write_config(cell.config)
        record = Record(cell.id, settings, steps=cell.steps, error=why, final=final)
        self.folder.save(record)
        return record

    def _say(self, line: str, jobs: int) -> None:
        left = Estimate.of(self.cells, self.records).left(self.cells, self.records, self.shares)
        about = f", about {duration(left / jobs)} left" if left else ""
        running = ", ".join(f"{share:.0%} of {name}" for name, share in self.shares.items())
        line = f"{line}: {running}" if line == "running" else line
        self.progress.say(f"[{self.ended}/{len(self.cells)}{about}] {line}")


def _outcome(record: Record) -> str:
    if record.error:
        return f"failed: {record.error}"
    took = f"{record.seconds:.0f} s"
    return took if record.accuracy is None else f"{record.accuracy:.2f} %, {took}"
