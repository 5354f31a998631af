"""The group of commands, each imported when it is asked for, and what becomes of errors."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

import click

from autorecon import __version__
from autorecon.cli.terminal import echo
from autorecon.cli.unforeseen import unforeseen
from autorecon.lang.wording import brief, some, visible

COMMANDS = (
    "compile",
    "check",
    "fix",
    "fmt",
    "lsp",
    "watch",
    "show",
    "diff",
    "run",
    "auto",
    "search",
    "derive",
    "explain",
    "export",
    "evaluate",
    "inspect",
    "compress",
    "methods",
    "report",
    "study",
    "spaces",
    "space-of",
    "teachers",
    "strategies",
    "data",
)


SHARED = ("run", "search", "compress")
"""Those that a launcher may have several processes do together."""


class Commands(click.Group):
    """Loads `autorecon.cli.NAME_command` on demand; users' mistakes end in one clear message."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        name = name.replace("-", "_")
        return getattr(import_module(f"autorecon.cli.{name}_command"), name)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        if args and args[0] not in COMMANDS:
            from autorecon.lang.diagnostics.faults import did_you_mean

            ctx.fail(f"no command '{args[0]}': {did_you_mean(args[0], COMMANDS)}")
        if args and args[0] not in SHARED and _launched() > 1:
            ctx.fail(f"{args[0]} is for one process; several share {some(SHARED, len(SHARED))}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        if os.environ.get("NO_COLOR"):
            ctx.color = False
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            _notes(error, "interrupted")
            ctx.exit(130)
        except Exception as error:
            if isinstance(error, click.ClickException) and os.environ.get("RANK", "0") != "0":
                ctx.exit(error.exit_code)  # the first of several processes says it
            if isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
                raise
            code = getattr(error, "exit_code", None)
            told = error if code is not None else unforeseen(error)
            if told is None:
                raise
            show_error(told)
            ctx.exit(code or 2)


def _launched() -> int:
    """How many processes were started to do this together."""
    if "WORLD_SIZE" not in os.environ:
        return 1
    from autorecon.runs.launched import Launched

    here = Launched.here()
    return here.size if here else 1


def show_error(error: Exception) -> None:
    """One line for what is wrong, diagnostics in full, and what was noted on the way up."""
    from autorecon.lang import SpaceError

    if isinstance(error, SpaceError):
        from autorecon.cli.diagnostics import show_diagnostics

        show_diagnostics(error.diagnostics, "full")
    _notes(error, None if isinstance(error, SpaceError) else str(error))


def _notes(error: BaseException, headline: str | None) -> None:
    if headline:
        name = click.style("autorecon:", fg="red", bold=True)
        click.echo(f"{name} {visible(brief(headline))}", err=True)
    for note in getattr(error, "__notes__", ()):
        echo(f"  {note}", err=True)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="autorecon")
def cli() -> None:
    """Generator search spaces as text, and the data-free compression that they drive.

    Start with `autorecon run`: it searches a space of ours against a shipped teacher, compresses
    that teacher without its training data, and writes a report.
    """
    # Threads that wait for each other give up their processor to other work, which takes half of
    # the time where there is any. OpenMP reads this when torch is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    if sys.stdout is not None and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
