"""The best trial becomes the run: its folder is one that `autorecon compress` made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tomli_w

from autorecon.compress.packed.load import student_file
from autorecon.records.errors import RecordError
from autorecon.records.files import read_record
from autorecon.records.packed import read_packed
from autorecon.records.students import Student
from autorecon.runs import RunError, RunFolder, link_or_copy, load_weights, write_text
from autorecon.study.cells import Cell
from autorecon.study.folder import StudyFolder
from autorecon.workflow.config import read_config, write_config
from autorecon.workflow.results import lost_rows
from autorecon.workflow.stages import GENERATOR

RECIPE = "recipe.toml"
_NO_PART = ("epochs", "evaluate_every", "seed")
"""Settings that are no part of it."""
_LEFT = (".lock", "images.safetensors", "config.toml")
"""Files of a trial that are its own; config.toml comes last, since it makes a folder a run."""


def trial_of(folder: StudyFolder, cell: Cell) -> Path:
    """The packed student of a trial that is done. Raises RunError where it is gone."""
    work = folder.work_path(cell)
    if not (work / "results.json").is_file():
        raise RunError(
            f"{work} is gone, the work of {cell.id}: remove its line of {folder.log.path} to have "
            "it done again"
        )
    return student_file(work)


def finish(folder: StudyFolder, cells: Sequence[Cell], winner: str) -> None:
    """Put the trial of a candidate in the place of the run, with its recipe beside it."""
    best = next(cell for cell in cells if cell.variant == winner)
    work = folder.work_path(best)
    for file in sorted(path for path in work.rglob("*") if path.is_file()):
        name = file.relative_to(work)
        own = file.name in _LEFT or name.parts[0] == "checkpoint"
        if not own:
            link_or_copy(file, folder.path / name)
    _generator(folder, cells, best)
    _write_recipe(folder, best)
    link_or_copy(work / "config.toml", folder.path / "config.toml")


def look_over(folder: StudyFolder, cells: Sequence[Cell], winner: str) -> list[str]:
    """See that what a finished one has left is whole, and write its recipe again where that is not;
    gives what is missed. Raises RunError or RecordError, which say what makes the rest again."""
    _write_recipe(folder, next(cell for cell in cells if cell.variant == winner))
    run = RunFolder.open(folder.path)
    try:
        run.check_whole()
        for file in _kept(run):
            read_packed(file) if file.parent == run.compressed_path else load_weights(file)
    except (RunError, RecordError) as error:
        error.add_note(f"`autorecon compress --resume {folder.path}` makes the student again")
        raise
    stem, config = student_file(run.path).stem, read_config(run.config)
    stage = "/".join(["compress", *stem.rsplit("-", 1)])
    return lost_rows(run, {stage: config.compress.epochs})


def _kept(run: RunFolder) -> list[Path]:
    """The student and its generator, whose records are whole. Raises RunError or RecordError."""
    student = student_file(run.path)
    record = student.with_suffix(".json")
    if read_record(record, Student) is None:
        raise RunError(f"{record} is gone")
    made = read_config(run.config).compress.recipe.source == "generator"
    return [student, run.generator_path] if made else [student]


def _write_recipe(folder: StudyFolder, best: Cell) -> None:
    text, path = tomli_w.dumps(_recipe(best)), folder.path / RECIPE
    if not path.is_file() or path.read_bytes() != text.encode():
        write_text(path, text)


def _generator(folder: StudyFolder, cells: Sequence[Cell], best: Cell) -> None:
    """The weights of the generator and a picture of its images, which who learned from another
    one's images has not made."""
    sharing = [cell for cell in cells if cell.images and cell.images == best.images]
    for work in map(folder.work_path, sharing):
        made = RunFolder(work, {})
        weights = made.compressed_path.glob(f"*{GENERATOR}")
        for file in (made.generator_path, *weights, *(work / "images").glob("*.png")):
            out = folder.path / file.relative_to(work)
            if file.exists() and not out.exists():
                link_or_copy(file, out)


def _recipe(cell: Cell) -> dict[str, object]:
    """What `--config` of `run` and `compress` takes: the teacher, and how it was compressed, as far
    as that is not as the method has it."""
    values, plain = write_config(cell.config), cell.config.compress.recipe.settings
    own = {
        name: value
        for name, value in values["compress"].items()
        if name in plain and name not in _NO_PART and value != plain[name]
    }
    teacher = {key: value for key, value in values["teacher"].items() if key != "data"}
    fixed = {"method": cell.config.compress.method, "bits": values["compress"]["bits"]}
    return {"teacher": teacher, "compress": fixed | own}
