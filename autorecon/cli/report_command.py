"""`autorecon report`: the page of a run, made anew from its files."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
def report(run: Path) -> None:
    """Write RUN/report.html from the files of RUN, finished or not, and print its path."""
    from autorecon.report import write_report
    from autorecon.runs import RunFolder

    click.echo(write_report(RunFolder.open(run)))
