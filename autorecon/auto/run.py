"""The outer loop: a rung is done, judged, and what is best goes on to a longer one.

Trials are cells of a study, so that what is done is never done again. Rungs are synchronous: the
judge compares students that are all there, and its order then depends on no clock.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import attrs
from torch import Tensor

from autorecon.auto.config import KEPT, AutoConfig
from autorecon.auto.course import Pace, count_within, next_count, next_length
from autorecon.auto.finish import finish, look_over, trial_of
from autorecon.auto.for_teacher import candidates_for
from autorecon.auto.judge import exam, judged
from autorecon.auto.prepare import (
    SHARE,
    entry,
    planned,
    source_cells,
    variant,
    without_sources,
)
from autorecon.graph import Space
from autorecon.lang.wording import plural
from autorecon.records.cells import CellRecord
from autorecon.records.course import Course, Entry, Rung, Work, write_course
from autorecon.runs import Progress, RunError, duration
from autorecon.study.cells import Cell, plan
from autorecon.study.check import check
from autorecon.study.folder import StudyFolder
from autorecon.study.run import Place, do
from autorecon.teachers import Teacher
from autorecon.workflow.select import SelectionError


@attrs.define
class Auto:
    """A course under way: `asked` of a `teacher`, `jobs` trials at a time."""

    asked: AutoConfig
    teacher: Teacher
    folder: StudyFolder
    place: Place
    jobs: int
    progress: Progress
    course: Course
    spaces: dict[str, Space] = attrs.field(factory=dict, init=False)
    _exam: Tensor | None = attrs.field(default=None, init=False, repr=False)

    def run(self) -> Course:
        """Do what is left, to the student of the best candidate in the run's folder.

        Raises SelectionError where no candidate comes to an end.
        """
        with self.folder.lock():
            sources = self._sources()
            if self.course.winner:
                self._look_over(sources)
            if not self.course.rungs:
                self._write(self._first(sources))
            while not self.course.winner:
                rung = self.course.rungs[-1]
                if not rung.done:
                    self._replace(self._judged(rung, *self._trials(rung, sources)))
                following = self._following()
                if following is None:
                    self._end()
                else:
                    self._write(attrs.evolve(self.course, rungs=[*self.course.rungs, following]))
            self._clear(self.course.rungs)
            self.folder.clear(sources)  # of those that were given up
        return self.course

    def _look_over(self, sources: list[Cell]) -> None:
        """What was done: genotypes and the recipe are written again where they are not whole, and
        what cannot be made again is missed."""
        trials = [cell for rung in self.course.rungs for cell in self._cells(rung)]
        known = self.folder.records([*sources, *trials])
        if lost := sum(known[cell.id] is None for cell in trials):
            log = self.folder.log.path
            self.progress.say(f"warning: {log} lacks {lost} of {plural(len(trials), 'trial')}")
        for cell in sources:
            record = known[cell.id]
            if record and record.genotype:
                space = self.spaces[cell.place]
                self.folder.write_genotype(record.genotype, space, self.progress)
        last = self._cells(self.course.rungs[-1])
        for line in look_over(self.folder, last, self.course.winner):
            self.progress.say(f"warning: {line}")

    def _sources(self) -> list[Cell]:
        """What generators come from, done as far as there is time for it."""
        start, tried = time.monotonic(), self.asked.candidate
        if self.asked.trials:
            tried = candidates_for(self.teacher, self.asked, self.asked.trials)
        cells = source_cells(self.asked, tried, self.course.sources)
        known = self.folder.records(cells)
        self.spaces = check(cells, known, self.teacher)
        if self.course.rungs:
            return cells
        self._begin(cells)
        until = start + SHARE * self.asked.seconds if self.asked.seconds else math.inf
        place = attrs.evolve(self.place, until=until)
        _require_room(do(self.folder, cells, known, self.spaces, place, self.progress))
        self.course = attrs.evolve(self.course, seconds=time.monotonic() - start)
        return cells

    def _first(self, sources: list[Cell]) -> Course:
        """The course with its first rung, of candidates whose generators there are."""
        records, notes = self.folder.records(sources), list(self.course.notes)
        failed = [c for c in sources if (record := records[c.id]) is None or record.error]
        asked, lost = without_sources(self.asked, failed)
        if lost:
            notes.append(f"left out, for want of their generators: {'; '.join(lost)}")
            self.progress.say(notes[-1])
        left = self.asked.seconds - self.course.seconds
        lengths, tried = planned(asked, self.teacher, self.jobs, left, begun=True)
        rung = Rung(lengths[0], [entry(one) for one in tried])
        return attrs.evolve(self.course, lengths=lengths, rungs=[rung], notes=notes, work=[])

    def _end(self) -> None:
        best = self.course.rungs[-1].ranking[0].name
        finish(self.folder, self._cells(self.course.rungs[-1]), best)
        self._write(attrs.evolve(self.course, winner=best))

    def _cells(self, rung: Rung) -> list[Cell]:
        """The trials of a rung, in the order of its entries."""
        number = self.course.rungs.index(rung) + 1
        last = number == len(self.course.lengths)
        measured = self.asked.measure == "all" or (last and self.asked.measure == "last")
        study = self.asked.study([variant(one) for one in rung.entries], rung.length, measured)
        trials = [cell for cell in plan(study) if cell.kind == "compress"]
        return [attrs.evolve(c, id=f"rung{number}/{c.id}", judged=True) for c in trials]

    def _trials(self, rung: Rung, sources: list[Cell]) -> tuple[dict[str, CellRecord], float]:
        """Do a rung; its records by candidate, and the seconds that it took."""
        start, trials = time.monotonic(), self._cells(rung)
        self.progress.say(
            f"rung {len(self.course.rungs)} of {len(self.course.lengths)}: {len(trials)} "
            f"candidates, {max(cell.steps for cell in trials)} steps"
        )
        needed = {cell.needs for cell in trials}
        cells = [cell for cell in sources if cell.id in needed] + trials
        known = self.folder.records(cells)
        self._begin(trials)
        records = do(self.folder, cells, known, self.spaces, self.place, self.progress)
        _require_room(records)
        seconds = time.monotonic() - start
        return {cell.variant: records[cell.id] for cell in trials}, seconds

    def _judged(self, rung: Rung, records: Mapping[str, CellRecord], seconds: float) -> Rung:
        """The rung with its judge's figures, and what was measured."""
        there = {c.variant: c for c in self._cells(rung) if not records[c.variant].error}
        if not there:
            why = "; ".join(dict.fromkeys(record.error for record in records.values()))
            raise SelectionError(f"no candidate came to an end: {why}")
        if self._exam is None:
            self._exam = exam(self.teacher)
        found = judged(there, lambda c: trial_of(self.folder, c), self.teacher, self._exam)
        entries = [_told(one, records[one.name], found.get(one.name)) for one in rung.entries]
        made = attrs.evolve(rung, entries=entries, seconds=rung.seconds + seconds)
        best = made.ranking[0]
        self.progress.say(f"the best is {best.name}, {best.judged:.2f} %")
        return made

    def _following(self) -> Rung | None:
        """The rung after the last, if there is one for which there is time."""
        done, lengths = self.course.rungs, self.course.lengths
        if len(done) == len(lengths):
            return None
        rung, length = done[-1], lengths[len(done)]
        count = next_count(len(rung.ranking))
        if self.asked.seconds:
            pace = self._pace()
            left = self.asked.seconds - self.course.seconds - sum(one.seconds for one in done)
            share = left / (len(lengths) - len(done))
            length = next_length(length, rung.length, share, pace, self.jobs)
            if not length:
                self.progress.say(f"{duration(max(0.0, left))} are left: no longer rung is begun")
                return None
            count = count_within(share, pace, length, self.jobs, len(rung.ranking))
        return Rung(round(length, 4), [_again(one) for one in _best(rung, count)])

    def _pace(self) -> Pace:
        """What candidates took on the last rung, by the clock; noise took next to nothing."""
        rung = self.course.rungs[-1]
        tried = [one for one in rung.ranking if one.steps] or rung.entries
        steps = max(sum(one.seconds for one in tried) / len(tried), 1e-3)
        whole = rung.seconds * self.jobs / len(tried)
        return Pace(max(0.0, whole - steps), steps / rung.length)

    def _begin(self, cells: list[Cell]) -> None:
        """Say what is under way, for those who look."""
        work = [Work(cell.id, self.folder.work_path(cell).name) for cell in cells]
        self._write(attrs.evolve(self.course, work=work))

    def _replace(self, rung: Rung) -> None:
        self._write(attrs.evolve(self.course, rungs=[*self.course.rungs[:-1], rung], work=[]))
        self._clear(self.course.rungs[:-1])

    def _write(self, course: Course) -> None:
        write_course(self.folder.path, course)
        self.course = course

    def _clear(self, rungs: list[Rung]) -> None:
        """Remove the work of rungs from which nothing is needed."""
        for rung in rungs:
            self.folder.clear(self._cells(rung))


def _require_room(records: Mapping[str, CellRecord]) -> None:
    """Raise RunError where the system refused something: that tells nothing of a candidate, and
    what goes on without it may end with another."""
    for cell, record in records.items():
        if record.refused:
            raise RunError(f"{cell} failed: {record.error}; it is tried again by whoever goes on")


def _best(rung: Rung, count: int) -> list[Entry]:
    """The controls, and the best of the others, in the order in which they were begun."""
    kept = [one for one in rung.ranking if one.name in KEPT]
    others = [one for one in rung.ranking if one.name not in KEPT]
    going = [*kept, *others[: max(1, count - len(kept))]]
    return [one for one in rung.entries if one in going]


def _again(one: Entry) -> Entry:
    return Entry(one.name, one.settings)


def _told(one: Entry, record: CellRecord, figure: float | None) -> Entry:
    judged = None if figure is None else round(figure, 4)
    return attrs.evolve(one.told(record), judged=judged)
