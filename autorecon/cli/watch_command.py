"""`autorecon watch`: a page that goes along with a file at each save, or with a run; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autorecon.cli.options import ops_option, set_option
from autorecon.cli.terminal import echo


@click.command("watch")
@click.argument("what", metavar="FILE|RUN")
@set_option
@ops_option
@click.option("--port", type=click.IntRange(1, 65535), help="By default one that is free.")
def watch(what: str, parameters: dict[str, Any], port: int | None) -> None:
    """Show FILE in a browser: its faults, figures and drawing, anew at each save. Or show the
    report of the folder RUN while the run goes.

    Prints the page's address, which this machine alone can reach, and serves it until Ctrl-C.

    Exit code 0: it was ended. 1: there is no FILE. 2: usage, no RUN, or the port is taken.
    """
    from autorecon.watch.run_page import RunPage
    from autorecon.watch.server import Server, Watched
    from autorecon.watch.space_file import SpaceFile

    is_run = Path(what).is_dir()
    if is_run and parameters:
        raise click.UsageError(f"{what} is a run, which has its parameters: leave out --set")
    watched: Watched = RunPage(Path(what)) if is_run else SpaceFile(what, parameters)
    with Server(watched, what, port or 0) as server:
        echo(f"{server.address} shows {what}; Ctrl-C ends it")
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            click.echo(err=True)  # what the terminal shows of Ctrl-C has a line of its own
