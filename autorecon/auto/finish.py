"""The best trial becomes the run: its folder is one that `autorecon compress` made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import tomli_w

from autorecon.records.results import read_results
from autorecon.runs import RunError, RunFolder, link_or_copy, write_text
from autorecon.study.cells import Cell
from autorecon.study.folder import StudyFolder
from autorecon.workflow.config import write_config

RECIPE = "recipe.toml"
_NO_PART = ("epochs", "evaluate_every", "seed")
"""Settings that are no part of it."""
_LEFT = (".lock", "images.safetensors", "config.toml")
"""Files of a trial that are its own; config.toml comes last, since it makes a folder a run."""


def trial_of(folder: StudyFolder, cell: Cell) -> Path:
    """The packed student of a trial that is done. Raises RunError where it is gone."""
    work = folder.work_path(cell)
    results = read_results(work / "results.json")
    if results is None or not results.rows:
        raise RunError(
            f"{work} is gone, the work of {cell.id}: remove its line of {folder.log.path} to have "
            "it done again"
        )
    return RunFolder(work, {}).compressed_path / f"{results.rows[0].stem}.safetensors"


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
    write_text(folder.path / RECIPE, tomli_w.dumps(_recipe(best)))
    link_or_copy(work / "config.toml", folder.path / "config.toml")


def _generator(folder: StudyFolder, cells: Sequence[Cell], best: Cell) -> None:
    """The weights of the generator, which who learned from another one's images has not made."""
    out = RunFolder(folder.path, {}).generator_path
    sharing = [cell for cell in cells if cell.images and cell.images == best.images]
    for cell in sharing:
        made = RunFolder(folder.work_path(cell), {}).generator_path
        if not out.exists() and made.exists():
            link_or_copy(made, out)


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
