"""The door through which what others wrote reaches a terminal: as signs, never as commands."""

from __future__ import annotations

import sys

import click

from autorecon.lang.wording import visible


def echo(text: str, *, err: bool = False, nl: bool = True) -> None:
    """Print, with a sign for each character that a terminal would obey."""
    click.echo(visible(text), err=err, nl=nl)


def echo_file(text: str) -> None:
    """Print what a file holds: as it is, unless a terminal shows it."""
    click.echo(visible(text) if sys.stdout.isatty() else text, nl=False)
