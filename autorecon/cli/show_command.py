"""`autorecon show`: the analyses of a space as tables; no torch."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import ops_option, set_option


@click.command("show")
@click.argument("file")
@set_option
@ops_option
@click.option("--edge", "edge", metavar="NAME", help="One edge in detail: each candidate's steps.")
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")
def show(file: str, parameters: dict[str, Any], edge: str | None, as_json: bool) -> None:
    """Show the nodes, candidates, counts and costs of FILE, a space or a genotype.

    FILE may be a shipped space's name, such as `paper`. MACs are multiply-accumulates an image.
    """
    from autorecon.cli import show_tables as show
    from autorecon.cli.standard_input import read_space
    from autorecon.cli.tables import show_tables
    from autorecon.cli.values import json_text

    space = read_space(file, parameters)
    if edge is None:
        click.echo(json_text(show.values(space))) if as_json else show_tables(show.tables(space))
        return
    found = show.find_edge(space, edge)
    if as_json:
        click.echo(json_text(show.edge_values(found)))
    else:
        show_tables([show.edge_table(space, found)])
