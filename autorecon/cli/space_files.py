"""Many .space files at once: which ones, and how they would change."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click

from autorecon.cli.terminal import echo
from autorecon.lang.source import MAX_BYTES
from autorecon.reading import read_bounded


def space_files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Every file once: those named, and those in the folders named that are not hidden, nor links
    to what is elsewhere."""
    seen = set()
    for path in paths:
        for file in _within(path) if path.is_dir() else [path]:
            if file.resolve() not in seen and not file.is_dir():
                seen.add(file.resolve())
                yield file


def _within(folder: Path) -> Iterator[Path]:
    real = folder.resolve()
    for file in sorted(folder.rglob("*.space")):
        if any(part.startswith(".") for part in file.relative_to(folder).parts):
            continue
        if file.resolve().is_relative_to(real):
            yield file
        else:
            echo(f"{file} is a link out of {folder}, and left out: name it to have it", err=True)


def replace(path: Path, before: bytes, after: bytes) -> None:
    """Write a file anew. Raises RunError where it cannot be written, or is no longer what was read,
    and OSError where it cannot be read."""
    from autorecon.runs import RunError
    from autorecon.runs.atomic import write_bytes

    if read_bounded(path, MAX_BYTES) != before:
        raise RunError(f"{path} was changed meanwhile, and is left as it is: try again")
    write_bytes(path, after)


def show_diff(name: str, before: str, after: str, how: str) -> None:
    """A unified diff of a file and what it would become."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    texts = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for line in difflib.unified_diff(*texts, name, f"{name} ({how})"):
        bold = line.startswith(("+++", "---"))
        click.secho(line.rstrip("\n"), fg=colours.get(line[0]), bold=bold)
        if not line.endswith("\n"):
            click.echo("\\ No newline at end of file")
