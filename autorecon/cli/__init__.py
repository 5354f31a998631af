"""The command line: in come arguments, out come text and an exit code, never a traceback.

Modules here import click and nothing heavy: `--help` answers at once.
"""

from __future__ import annotations

from autorecon.cli.group import cli

__all__ = ["cli", "compile_main", "main"]


def main() -> None:
    """`autorecon ...`"""
    cli(prog_name="autorecon")


def compile_main() -> None:
    """`autorecon-compile ...` is `autorecon compile ...`."""
    import sys

    cli(["compile", *sys.argv[1:]], prog_name="autorecon")
