"""`autorecon space-of`: a search space that mirrors a network of one's own."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import click

from autorecon.cli.options import own_teacher_options, settings_given, teacher_argument
from autorecon.cli.terminal import echo, echo_file

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}


def _macs(ctx: Any, param: Any, value: str | None) -> int | None:
    if value is None:
        return None
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)", value.strip().lower())
    if not match or not (count := round(float(match[1]) * _UNITS[match[2]])):
        raise click.BadParameter(f"'{value}' is no count, as in 40M, 5.7G or 40000000")
    return count


@click.command("space-of")
@teacher_argument
@own_teacher_options
@click.option(
    "--macs",
    callback=_macs,
    metavar="COUNT",
    help="Multiply-accumulates an image that an architecture takes at most, as 40M or 5.7G; by "
    "default as many as TEACHER.",
)
@click.option(
    "--blocks",
    type=click.IntRange(1, 8),
    default=2,
    show_default=True,
    help="How many of TEACHER's blocks are mirrored at a resolution, at most.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="Write the space to a file.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def space_of(macs: int | None, blocks: int, out: Path | None, force: bool, **options: Any) -> None:
    """Write a search space of generators for TEACHER: its own blocks, from its logits back to the
    image, each at its resolution and width, with choices of kernel, resize, norm, and of how noise
    and class enter.

    It is text to go on with. Without --out it is printed.
    """
    from autorecon.mirror import mirror
    from autorecon.runs import RunError
    from autorecon.runs.atomic import require_place, write_text
    from autorecon.workflow.config import read_config
    from autorecon.workflow.prepare import load_teacher
    from autorecon.workflow.settings import combine

    if out is not None:
        if out.exists() and not force:
            raise RunError(f"{out} is there: name another file, or add --force")
        require_place(out)
    given = settings_given(click.get_current_context()) | {"space.baseline": "", "space.file": ""}
    config = read_config(combine(None, given, []) | {"command": "compress"})
    found = mirror(load_teacher(config), macs=macs, blocks=blocks)
    if out is None:
        echo_file(found.text)
        return
    write_text(out, found.text)
    cost = found.space.cost.macs
    echo(
        f"{out}: {found.space.architectures:,} architectures, {cost.min:,} to {cost.max:,} "
        f"multiply-accumulates, {len(found.stages)} resolutions at {found.part:.4g} of the widths",
        err=True,
    )
