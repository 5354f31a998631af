"""From a command's options to a run folder, for the commands that make one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from autorecon.runs import Progress, RunFolder
    from autorecon.workflow.prepare import Prepared


def open_job(
    command: str, options: Mapping[str, Any], settings: Mapping[str, Any]
) -> tuple[RunFolder, Prepared, Progress]:
    """Start a run of these settings, or go on with the one of --resume.

    `settings` are config keys ("search.seed"); those that are None were not given. A resumed run
    keeps its own settings, so giving others is a mistake that is told.
    """
    from autorecon.runs import Progress
    from autorecon.workflow.run import resume, start

    progress = Progress(quiet=options["quiet"])
    if options["resume"]:
        given = [k for k, v in settings.items() if v not in (None, {}, ())]
        named = ("config", "assignments", "out", "ops", "device", "precision")
        others = (options[name] for name in named)
        if given or any(others):
            raise click.UsageError("--resume goes on with the run's own settings: give no others")
        return *resume(options["resume"], command), progress
    config = _config(command, options, settings)
    folder, prepared = start(options["out"] or _next_folder(command, config), config, progress)
    return folder, prepared, progress


def _config(command: str, options: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    from autorecon.workflow.config import read_config
    from autorecon.workflow.settings import RECIPE, combine

    common = {
        "teacher.name": options.get("teacher"),
        "teacher.weights": options.get("weights"),
        "teacher.size": options.get("size"),
        "teacher.data": options.get("data"),
        "threads": options.get("threads"),
        "device": options["device"],
        "precision.search": options["precision"],
        "precision.compress": options["precision"],
        "space.ops": list(options["ops"]) or None,
    }
    if command != "run":
        common["space.baseline"] = ""  # only a run compares
    recipe = None if command == "compress" else RECIPE
    assignments = list(options["assignments"])
    values = combine(options["config"], common | dict(settings), assignments, recipe)
    return read_config(values | {"command": command})


def _next_folder(command: str, config: Any) -> Path:
    from autorecon.runs import next_free

    teacher = config.teacher.name.rpartition(":")[2].partition(".")[0]
    return next_free(Path("runs"), "-".join([command, teacher, *_kind(command, config.compress)]))


def _kind(command: str, config: Any) -> list[str]:
    """What a folder's name tells of a compression."""
    if command == "search":
        return []
    student = config.student.rpartition(":")[2]
    return [*([config.method] if config.method != "gdfq" else []), config.bits or student]
