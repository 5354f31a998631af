"""`autorecon fmt`: .space files in the one style; no torch."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autorecon.cli.space_files import replace, show_diff, space_files

if TYPE_CHECKING:
    from autorecon.lang import Source


@click.command("fmt")
@click.argument(
    "paths",
    metavar="[FILES or FOLDERS, or -]...",
    nargs=-1,
    type=click.Path(exists=True, allow_dash=True, path_type=Path),
)
@click.option("--check", is_flag=True, help="Write nothing; list the files that would change.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
def fmt(paths: tuple[Path, ...], check: bool, diff: bool) -> None:
    """Lay out .space files in the one style, in place; `-` is standard input to output.

    Only blanks, line ends and the places of comments change: every file is proved to keep its
    meaning and its comments before it is written. Folders are searched for .space files.

    Exit code 0: done, or nothing to do. 1: a file has faults and is left as it is, or --check or
    --diff found one that would change. 2: something else went wrong.
    """
    if not paths:
        raise click.UsageError("name files or folders, or - for standard input")
    done = Counter(_fmt(path, check, diff) for path in space_files(paths))
    if done["faulty"] or ((check or diff) and done["changed"]):
        _summary(done, check or diff)
        raise click.exceptions.Exit(1)
    if paths != (Path("-"),):
        _summary(done, check or diff)


def _fmt(path: Path, check: bool, diff: bool) -> str:
    """Format one file: whether it is `changed` or `same`, or `faulty`."""
    from autorecon.cli.diagnostics import show_diagnostics
    from autorecon.lang import SpaceError
    from autorecon.lang.fmt import format_source

    piped = path == Path("-")
    try:
        source, before = _read(path)
        after = format_source(source).encode()
    except SpaceError as error:
        show_diagnostics(error.diagnostics, "full")
        return "faulty"
    if piped and not (check or diff):
        sys.stdout.buffer.write(after)
    elif before != after:
        _report_change(source.name, before.decode(), after.decode(), check, diff)
    return "same" if before == after else "changed"


def _read(path: Path) -> tuple[Source, bytes]:
    from autorecon.cli.standard_input import read_text
    from autorecon.lang.syntax.parse import read_source

    return read_text() if path == Path("-") else (read_source(path), path.read_bytes())


def _report_change(name: str, before: str, after: str, check: bool, diff: bool) -> None:
    if diff:
        show_diff(name, before, after, "formatted")
    elif check:
        click.echo(name)
    else:
        replace(Path(name), before.encode(), after.encode())
        click.echo(f"formatted {name}", err=True)


def _summary(done: Counter[str], dry: bool) -> None:
    texts = {
        "changed": "would change" if dry else "formatted",
        "same": "as they should be",
        "faulty": "with faults, left as they are",
    }
    counts = [f"{done[kind]} {text}" for kind, text in texts.items() if done[kind]]
    files = "file" if done.total() == 1 else "files"
    click.echo(f"{done.total()} {files}: {', '.join(counts) or 'nothing to format'}", err=True)
