"""`autorecon report`: the page of a run, made anew from its files."""

from __future__ import annotations

from pathlib import Path

import click

from autorecon.cli.options import ops_option
from autorecon.cli.terminal import echo


@click.command("report")
@click.argument("run", type=click.Path(path_type=Path))
@ops_option
def report(run: Path) -> None:
    """Write RUN/report.html from the files of RUN, finished or not, and print its path."""
    from autorecon.report import write_report
    from autorecon.runs import RunFolder

    echo(str(write_report(RunFolder.open(run))))
