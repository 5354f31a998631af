"""`autorecon check`: the faults of many .space files; no torch."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from autorecon.cli.options import ops_option, output_format_option
from autorecon.cli.space_files import space_files

if TYPE_CHECKING:
    from autorecon.lang import Diagnostic

_ENOUGH = 400_000  # bytes; fewer are checked sooner than processes start
_AT_ONCE = 16  # files that a process is given


@click.command("check")
@click.argument(
    "paths",
    metavar="FILES or FOLDERS...",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
)
@output_format_option
@ops_option
def check(paths: tuple[Path, ...], output_format: str) -> None:
    """Check spaces, genotypes and files of declarations. Folders are searched for .space files.

    Exit code 0: all are sound, warnings aside. 1: some have errors or cannot be read. 2: usage.
    """
    from autorecon.cli.diagnostics import show_diagnostics

    files = [*space_files(paths)]
    faults = _faults(files)
    found = [d for of_file in faults for d in of_file]
    show_diagnostics(found, output_format, [str(file) for file in files])
    _summary(faults)
    if any(d.severity == "error" for d in found):
        raise click.exceptions.Exit(1)


def _faults(files: Sequence[Path]) -> list[tuple[Diagnostic, ...]]:
    from autorecon.lang.operations.merges import OWN_MERGES
    from autorecon.lang.operations.spec import OWN

    processes = min(os.cpu_count() or 1, len(files) // _AT_ONCE)
    # Operations of one's own are functions, which other processes do not have.
    if OWN or OWN_MERGES or processes < 2 or sum(_size(file) for file in files) < _ENOUGH:
        return [faults_of_file(file) for file in files]
    from concurrent.futures import ProcessPoolExecutor

    with ProcessPoolExecutor(processes) as pool:
        return [*pool.map(faults_of_file, files, chunksize=_AT_ONCE)]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def faults_of_file(path: Path) -> tuple[Diagnostic, ...]:
    """Those that its text has, or why it cannot be read."""
    import attrs

    from autorecon.graph.faults import faults_of
    from autorecon.lang import Source, SpaceError, Span
    from autorecon.lang.syntax.parse import read_source

    try:
        return faults_of(read_source(path))
    except SpaceError as error:
        start = Span(0, 0, Source("", str(path), path))
        return tuple(attrs.evolve(d, span=start) for d in error.diagnostics)


def _summary(faults: Sequence[Sequence[Diagnostic]]) -> None:
    from autorecon.lang.wording import plural

    count = Counter(d.severity for found in faults for d in found)
    wrong = sum(any(d.severity == "error" for d in found) for found in faults)
    text = f"{plural(len(faults), 'file')}: {len(faults) - wrong} sound"
    if wrong:
        text += f", {wrong} with {plural(count['error'], 'error')}"
    if count["warning"]:
        text += f", {plural(count['warning'], 'warning')}"
    click.echo(text, err=True)
