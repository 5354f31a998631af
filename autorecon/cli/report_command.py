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
    """Write RUN/report.html from the files of RUN, finished or not, and print its path.

    Of an `autorecon auto` that is not done the page shows how far it has come.
    """
    from autorecon.report import write_report
    from autorecon.report.page import write_page
    from autorecon.report.under_way import render, under_way
    from autorecon.runs import RunFolder

    if found := under_way(run):
        echo(str(write_page(run, render(found))))
        echo(f"not done: `{found.resume}` goes on with it", err=True)
        return
    echo(str(write_report(RunFolder.open(run))))
