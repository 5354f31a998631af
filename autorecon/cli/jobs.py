"""From a command's options to a run folder, for the commands that make one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import Always, Setting, settings_given
from autorecon.cli.terminal import echo
from autorecon.lang.wording import visible

if TYPE_CHECKING:
    from autorecon.compress import CompressConfig
    from autorecon.runs import Progress, RunFolder
    from autorecon.runs.launched import Launched
    from autorecon.workflow.config import RunConfig
    from autorecon.workflow.prepare import Prepared


def open_job(
    command: str, fixed: Mapping[str, Any] | None = None
) -> tuple[RunFolder, Prepared, Progress]:
    """Start a run of what the command line says, or go on with the one of --resume.

    `fixed` are config keys ("space.file") that the command line leaves to the command. A resumed
    run keeps its own settings, so giving any is a mistake that is told: UsageError.
    """
    from autorecon.cli.launched import join
    from autorecon.runs import Progress
    from autorecon.runs.heap import keep_freed

    keep_freed()
    ctx = click.get_current_context()
    progress = Progress(quiet=ctx.params["quiet"])
    wanted = _events_are_wanted(ctx)
    launched = join(ctx, command, progress)
    folder, prepared = _opened(ctx, command, fixed or {}, progress, launched)
    if wanted:
        from autorecon.report.tensorboard import following

        ctx.with_resource(following(folder, progress))
    return folder, prepared, progress


def _opened(
    ctx: click.Context,
    command: str,
    fixed: Mapping[str, Any],
    progress: Progress,
    launched: Launched | None,
) -> tuple[RunFolder, Prepared]:
    from autorecon.cli.launched import asked_before
    from autorecon.workflow.run import resume, start

    trust = ctx.params["trust"]
    if place := ctx.params["resume"]:
        _refuse_changes(ctx, place)
        return resume(place, command, trust=trust, launched=launched)
    config, given = _config(command, ctx, fixed)
    place = ctx.params["out"]
    config, there = asked_before(place, config)
    if there:
        progress.say(f"going on with {place}, of the same settings")
        return resume(place, command, None, trust, given, launched)
    out = place or partial(_new_folder, command, config)
    return start(out, config, progress, None, launched)


def _events_are_wanted(ctx: click.Context) -> bool:
    """Whether TensorBoard's are written, now or before this run was interrupted; UsageError where
    what writes them is missing."""
    from autorecon.report.tensorboard import FOLDER, lacking

    resumed = ctx.params["resume"]
    wanted = ctx.params["tensorboard"] or bool(resumed and (resumed / FOLDER).is_dir())
    if wanted and (why := lacking()):
        advice = "" if ctx.params["tensorboard"] else f", or remove {resumed / FOLDER}"
        raise click.UsageError(f"{why}: pip install 'autorecon[tensorboard]'{advice}")
    return wanted


def report_of(folder: RunFolder) -> Path | None:
    """The run's page, made of its files; None, and a warning, where that cannot be: what the run
    brought stands."""
    from autorecon.report import write_report

    try:
        return write_report(folder)
    # Whatever drawing meets must not hide what hours of work brought.
    except Exception as error:
        name = click.style("warning:", fg="yellow", bold=True)
        why = visible(f"there is no report: {type(error).__name__}: {error}")
        click.echo(f"{name} {why}", err=True)
        echo(f"  all else is in {folder.path}; try `autorecon report {folder.path}`", err=True)
        return None


def _refuse_changes(ctx: click.Context, folder: Path) -> None:
    """Raise UsageError for whatever is given beside --resume and not declared to go with it."""
    from autorecon.runs import RunFolder

    given = [param for param in ctx.command.params if is_given(ctx, param)]
    refused = [param for param in given if not isinstance(param, Always)]
    if refused:
        config = RunFolder.open(folder).config
        listed = ", ".join(f"{spelt(param)}{_kept(param, config)}" for param in refused)
        raise click.UsageError(
            f"--resume goes on with the settings of {folder}/config.toml: leave out {listed}"
        )


def is_given(ctx: click.Context, param: click.Parameter) -> bool:
    from click.core import ParameterSource

    source = ctx.get_parameter_source(str(param.name))
    return source not in (None, ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP)


def spelt(param: click.Parameter) -> str:
    if isinstance(param, click.Argument):
        return param.human_readable_name
    return max(param.opts, key=len)


def _kept(param: click.Parameter, config: Mapping[str, Any]) -> str:
    """What the run has of what a parameter would set."""
    if not isinstance(param, Setting):
        return ""
    found = []
    for key in param.sets:
        value: Any = config
        for name in key.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        found.append(f"no {key}" if value is None else f"{key} = {json.dumps(value)}")
    return f" (there {' and '.join(found)})"


def _config(
    command: str, ctx: click.Context, fixed: Mapping[str, Any]
) -> tuple[RunConfig, set[str]]:
    """What the command line comes to, and all that it says itself."""
    from autorecon.workflow.config import read_config
    from autorecon.workflow.settings import RECIPE, combine
    from autorecon.workflow.trust import code_of, require_trust

    given = settings_given(ctx) | dict(fixed)
    if command != "run":
        given["space.baseline"] = ""  # only a run compares
    recipe = None if command == "compress" else RECIPE
    values = combine(ctx.params["config"], given, list(ctx.params["assignments"]), recipe)
    config = read_config(values | {"command": command})
    said = _texts(given, ctx.params["assignments"])
    if file := ctx.params["config"]:
        require_trust(code_of(config), file, ctx.params["trust"], said)
    return config, said


def _texts(given: Mapping[str, Any], assignments: Iterable[str]) -> set[str]:
    """All that the command line itself says."""
    values = [value for value in given.values() if isinstance(value, str)]
    parts = [text for words in assignments for text in re.findall(r"[\w.:]+", words)]
    return {*values, *given.get("space.ops", ()), *parts}


def _new_folder(command: str, config: RunConfig) -> Path:
    from autorecon.runs import new_folder

    teacher = config.teacher.name.rpartition(":")[2].partition(".")[0]
    return new_folder(Path("runs"), "-".join([command, teacher, *_kind(command, config.compress)]))


def _kind(command: str, config: CompressConfig) -> list[str]:
    """What a folder's name tells of a compression."""
    if command == "search":
        return []
    student = config.student.rpartition(":")[2]
    return [*([config.method] if config.method != "gdfq" else []), str(config.bits or student)]
