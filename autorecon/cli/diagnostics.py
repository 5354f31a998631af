"""Diagnostics on a terminal, in the format asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import click

from autorecon import __version__
from autorecon.lang import Diagnostic
from autorecon.lang.diagnostics.faults import concise
from autorecon.lang.diagnostics.formats import as_json, full, github
from autorecon.lang.wording import plural

_STYLES = {
    "error": {"fg": "red", "bold": True},
    "warning": {"fg": "yellow", "bold": True},
    "help": {"fg": "cyan"},
    "dim": {"fg": "blue"},
}


DOCUMENTS = ("json", "sarif", "junit")


def show_diagnostics(
    diagnostics: Iterable[Diagnostic], style: str, files: Sequence[str] = ()
) -> None:
    """Machine formats go to standard output, what people read to standard error.

    `files` are what was checked, of which some formats name those without faults.
    """
    found = list(diagnostics)
    if style in DOCUMENTS:
        click.echo(_document(found, style, files))
        return
    for diagnostic in found:
        if style == "full":
            click.echo(full(diagnostic, _paint) + "\n", err=True)
        else:
            click.echo(concise(diagnostic) if style == "concise" else github(diagnostic))
    if found and style == "full":
        counts = Counter(d.severity for d in found)
        worst = min(found, key=lambda d: d.severity)
        shown = ", ".join(f"{plural(n, kind)}" for kind, n in sorted(counts.items()))
        click.echo(f"{shown}; `autorecon compile --explain {worst.code}` tells more", err=True)


def _document(found: Sequence[Diagnostic], style: str, files: Sequence[str]) -> str:
    if style == "sarif":
        from autorecon.lang.diagnostics.sarif import as_sarif

        return as_sarif(found, __version__)
    if style == "junit":
        from autorecon.lang.diagnostics.junit import as_junit

        return as_junit(found, files)
    return as_json(found)


def _paint(text: str, style: str) -> str:
    return click.style(text, **_STYLES[style])  # type: ignore[arg-type]
