"""Many .space files at once: which ones, and how they would change."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

import click


def space_files(paths: tuple[Path, ...]) -> Iterator[Path]:
    """Every file once: those named, and those in the folders named that are not hidden."""
    seen = set()
    for path in paths:
        for file in sorted(path.rglob("*.space")) if path.is_dir() else [path]:
            hidden = any(part.startswith(".") for part in file.relative_to(path).parts)
            if (file == path or not hidden) and file.resolve() not in seen and not file.is_dir():
                seen.add(file.resolve())
                yield file


def show_diff(name: str, before: str, after: str, how: str) -> None:
    """A unified diff of a file and what it would become."""
    colours = {"+": "green", "-": "red", "@": "cyan"}
    texts = before.splitlines(keepends=True), after.splitlines(keepends=True)
    for line in difflib.unified_diff(*texts, name, f"{name} ({how})"):
        bold = line.startswith(("+++", "---"))
        click.secho(line.rstrip("\n"), fg=colours.get(line[0]), bold=bold)
        if not line.endswith("\n"):
            click.echo("\\ No newline at end of file")
