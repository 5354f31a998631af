"""All that a page is made of, read from the run's folder and checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from autorecon.graph import Space
from autorecon.image_size import size_parameters, structured_size
from autorecon.lang import SpaceError, load_program
from autorecon.lang.wording import plural
from autorecon.records.course import Course, read_course
from autorecon.records.evaluation import Evaluation, read_evaluation
from autorecon.records.front import FrontRow, read_front
from autorecon.records.results import Results, read_results
from autorecon.report.embed import ImageGrid, read_grid
from autorecon.report.errors import ReportError
from autorecon.report.history import History, read_history
from autorecon.report.selection import TrialRow, read_trials
from autorecon.runs import RunFolder

GRIDS = 6
"""Grids of images on a page, those of results.json first."""
_TEACHER_SAYS = ("classes", "channels")


@attrs.frozen
class Inputs:
    """A run as its files tell it; what has no file yet is None or empty."""

    folder: RunFolder
    results: Results | None
    history: History
    space: Space | None
    genotype: Space | None
    baseline: Space | None
    grids: list[ImageGrid]
    unshown: list[str]
    front: list[FrontRow]
    trials: list[TrialRow]
    evaluation: Evaluation | None = None
    course: Course | None = None

    def section(self, name: str) -> Mapping[str, Any]:
        """A section of config.toml; empty if there is none."""
        return section_of(self.folder, name)

    @property
    def labels(self) -> list[str]:
        """The generators of the run, in the order of its results."""
        listed = [g.label for g in self.results.generators] if self.results else []
        summed = [s.generator for s in self.results.summary] if self.results else []
        return list(dict.fromkeys([*listed, *summed, *self.history.labels]))


def read_inputs(folder: RunFolder) -> Inputs:
    """Raises ReportError, RecordError or RunError, naming the file that is malformed."""
    results = read_results(folder.results_path)
    bound = _bound(folder, results)
    given = scalars(section_of(folder, "space").get("set", {}))
    folder.check_whole()
    advice = ops_advice(folder)
    beside = sorted(folder.checkpoint_path.glob("compress/**/metrics.jsonl"))
    history = read_history(folder.metrics_path, beside)
    if results:  # rows of a stage that was done again come later in the file
        order = {generator.label: at for at, generator in enumerate(results.generators)}
        history.students.sort(key=lambda s: (order.get(s.label, len(order)), s.seed))
    grids, unshown = _grids(folder.path / "images", results)
    return Inputs(
        folder,
        results,
        history,
        _space(folder.space_path, {**bound, **given}, advice, unshown),
        _space(folder.genotype_path, {}, advice, unshown),
        _space(folder.path / "baseline.space", bound, advice, unshown),
        grids,
        unshown + history.damaged,
        read_front(folder.front_table_path),
        read_trials(folder),
        read_evaluation(folder.evaluation_path),
        read_course(folder.path),
    )


def search_is_unfinished(inputs: Inputs) -> bool:
    """Whether the settings ask for more epochs of search than are logged."""
    # Its config.toml holds all sections, and compress alone never searches.
    if inputs.folder.config.get("command") == "compress":
        return False
    epochs = inputs.section("search").get("epochs")
    return isinstance(epochs, int) and len(inputs.history.search) < epochs


def missing(inputs: Inputs) -> list[str]:
    """What the settings promise and the folder does not hold yet."""
    lines = []
    if search_is_unfinished(inputs):
        done, epochs = len(inputs.history.search), inputs.section("search")["epochs"]
        lines.append(f"The search has done {done} of {plural(epochs, 'epoch')}.")
    lines += _unfinished_students(inputs)
    if inputs.results is None and (lines or inputs.section("compress")):
        lines.append("results.json is not there; it is written when everything has ended.")
    if inputs.course and not inputs.course.winner:
        command = f"autorecon auto --resume {inputs.folder.path}"
        lines.append(f"What found it has not ended: `{command}` ends it.")
    if inputs.history.search and inputs.space is None:
        lines.append("space.space is not there, so the search's probabilities have no names.")
    return lines


def _unfinished_students(inputs: Inputs) -> list[str]:
    section = inputs.section("compress")
    epochs, students = section.get("epochs"), inputs.history.students
    if section and not students and inputs.results is None:
        return ["No student has been trained yet."]
    # One that diverged has ended before the last of them.
    ended = {(row.generator, row.seed) for row in inputs.results.rows} if inputs.results else set()
    return [
        f"{student.label}, seed {student.seed}: {len(student.epochs)} of {plural(epochs, 'epoch')}."
        for student in students
        if isinstance(epochs, int) and len(student.epochs) < epochs
        if (student.label, student.seed) not in ended
    ]


def ops_advice(folder: RunFolder) -> str:
    """How to have the run's own operations, whose modules are not imported because it names them;
    "" where it has none."""
    named = section_of(folder, "space").get("ops", ())
    modules = " ".join(f"--ops {name}" for name in named) if isinstance(named, list) else ""
    return f"the run's operations are of modules of its own: give {modules}" if modules else ""


def _space(
    path: Path, parameters: Mapping[str, Any], advice: str, unshown: list[str]
) -> Space | None:
    """A space with those of `parameters` that it has; None where it needs operations that are not
    here, by which there is `advice`."""
    if not path.exists():
        return None
    try:
        plain = load_program(path)
        known = {k: v for k, v in parameters.items() if k in plain.parameters}
        return Space(load_program(path, known) if known else plain)
    except SpaceError as error:
        if advice:
            unshown.append(f"{path.name} is not shown: {advice}.")
            return None
        advice = f"mend {path}, or remove it to have a report without it"
        raise ReportError(f"{error}\n{advice}") from error


def _bound(folder: RunFolder, results: Results | None) -> dict[str, Any]:
    """What the teacher says of the images: the spaces of a run are bound to it by name."""
    if results is not None:
        teacher = results.teacher
        own = {name: getattr(teacher, name) for name in _TEACHER_SAYS}
        return own | size_parameters(teacher.size)
    section = section_of(folder, "teacher")
    own = {name: v for name, v in scalars(section).items() if name in _TEACHER_SAYS}
    return own | _sides(folder, section)


def _sides(folder: RunFolder, section: Mapping[str, Any]) -> dict[str, int]:
    if "size" not in section:
        return {}
    try:
        return size_parameters(structured_size(section["size"]))
    except ValueError as error:
        raise ReportError(f"{folder.config_path}: teacher.size: {error}") from error


def section_of(folder: RunFolder, name: str) -> Mapping[str, Any]:
    """A section of config.toml, empty if there is none; ReportError where it is something else."""
    section = folder.config.get(name, {})
    if not isinstance(section, Mapping):
        raise ReportError(f"{folder.config_path}: [{name}] is not a section: put back the original")
    return section


def scalars(section: Any) -> dict[str, Any]:
    """Its numbers, as parameters of a space are."""
    if not isinstance(section, Mapping):
        return {}
    return {k: v for k, v in section.items() if isinstance(v, bool | int | float)}


def _grids(folder: Path, results: Results | None) -> tuple[list[ImageGrid], list[str]]:
    """Those of a page, and why others of them cannot be shown."""
    labels = [generator.label for generator in results.generators] if results else []
    paths = sorted(folder.glob("*.png"), key=lambda path: path.name)
    paths.sort(key=lambda p: labels.index(p.stem) if p.stem in labels else len(labels))
    grids, unshown = list[ImageGrid](), list[str]()
    for path in paths[:GRIDS]:
        try:
            grids.append(read_grid(path))
        except ReportError as error:
            unshown.append(f"The images of {path.stem} are not shown: {error}.")
    return grids, unshown
