"""A command that a launcher such as torchrun gives to several processes, or gives again."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

import attrs
import click

if TYPE_CHECKING:
    from autorecon.runs import Progress
    from autorecon.runs.launched import Launched
    from autorecon.workflow.config import RunConfig


def join(ctx: click.Context, command: str, progress: Progress) -> Launched | None:
    """The processes that do a command together, for the one that leads; None where it is alone.

    The others follow it here, and their command ends. Raises UsageError.
    """
    from autorecon.runs.launched import Launched

    launched = Launched.here()
    if launched is None or launched.size == 1:
        return None
    launched.connect()
    ctx.call_on_close(launched.end)
    if not launched.leads:
        _follow(launched, command)
        ctx.exit()
    if not (ctx.params["out"] or ctx.params["resume"]):
        raise click.UsageError(
            "several processes need to be told the run's folder: add -o FOLDER, with which the "
            "same command goes on with it"
        )
    if (ctx.params["jobs"] or 1) > 1:
        raise click.UsageError(
            f"the {launched.size} processes share every step, one compression after the other: "
            "leave out --jobs"
        )
    progress.say(f"{launched.size} processes have a share of each batch")
    return launched


def _follow(launched: Launched, command: str) -> None:
    from autorecon.workflow.following import follow

    try:
        follow(launched, command)
    except Exception as error:
        launched.break_off()
        error.add_note(f"in process {launched.rank + 1} of {launched.size}")
        raise


def asked_before(place: Path | None, config: RunConfig) -> tuple[RunConfig, bool]:
    """A run's settings with a digest of them where a launcher may give the command again, and
    whether `place` has the run that it made of them. Raises RunError where that has another."""
    from autorecon.runs import RunError, RunFolder
    from autorecon.runs.launched import Launched
    from autorecon.workflow.config import write_config

    if Launched.here() is None:
        return config, False
    text = json.dumps(write_config(config), sort_keys=True)
    asked = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
    config = attrs.evolve(config, asked=asked)
    if place is None or not (place / "config.toml").exists():
        return config, False
    if RunFolder.open(place).config.get("asked") != asked:
        raise RunError(
            f"{place} holds a run of other settings: continue it with --resume {place}, or name "
            "another folder"
        )
    return config, True
