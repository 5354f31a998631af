"""`-` for a file: a text from standard input."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from autorecon.graph import Space
    from autorecon.lang import Source

NAME = "<stdin>"


def read_space(file: str, parameters: dict[str, Any]) -> Space:
    """The space of a file, of a shipped name, or for `-` of standard input; raises SpaceError."""
    from autorecon.graph import load, loads

    if file != "-":
        return load(file, **parameters)
    return loads(read_text()[0].text, NAME, **parameters)


def read_or_exit(file: str, parameters: dict[str, Any], style: str, code: int) -> Space:
    """The same; where it has faults, show them and exit with this code."""
    from autorecon.cli.diagnostics import show_diagnostics
    from autorecon.lang import SpaceError

    try:
        return read_space(file, parameters)
    except SpaceError as error:
        show_diagnostics(error.diagnostics, style)
        raise click.exceptions.Exit(code) from None


def read_text() -> tuple[Source, bytes]:
    """All of standard input; BadParameter where it is too much, or not UTF-8."""
    from autorecon.lang import Source
    from autorecon.lang.source import MAX_BYTES

    data = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise click.BadParameter(f"standard input is larger than {MAX_BYTES:,} bytes")
    try:
        return Source(data.decode("utf-8-sig"), NAME), data
    except UnicodeDecodeError as error:
        message = f"standard input is not UTF-8 text (byte {error.start})"
        raise click.BadParameter(message) from None
