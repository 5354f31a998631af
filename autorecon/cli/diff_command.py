"""`autorecon diff`: what differs between two spaces or genotypes; no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from autorecon.cli.options import ops_option, render_option, set_option
from autorecon.cli.values import json_text


@click.command("diff")
@click.argument("old", required=False)
@click.argument("new", required=False)
@set_option
@ops_option
@render_option("NEW over OLD", "NEW-diff")
@click.option("--json", "as_json", is_flag=True, help="Print the difference as one JSON object.")
def diff(
    old: str | None, new: str | None, parameters: dict[str, Any], render: str | None, as_json: bool
) -> None:
    """Say how NEW differs from OLD: nodes, edges, candidates, choices and cost.

    Both may be spaces or genotypes, files or names of shipped ones; --set applies to both. Names
    and comments make no difference, and a bound port is the node that it is bound to.

    Exit code 0: they are the same. 1: they differ. 2: something is wrong.
    """
    if new is None and old and render and Path(render).suffix in ("", ".space"):
        old, new, render = render, old, ""  # `--render OLD NEW`: the option took OLD for its value
    if old is None or new is None:
        raise click.UsageError("name two spaces or genotypes")
    from autorecon.cli.diff_text import as_text, as_values
    from autorecon.cli.standard_input import read_or_exit
    from autorecon.graph.diff.diff import compare

    style = "json" if as_json else "full"
    # A space with faults is trouble (2), as 1 says that the spaces differ.
    spaces = (read_or_exit(file, parameters, style, 2) for file in (old, new))
    difference = compare(*spaces)
    if render is not None:
        _draw(difference, Path(render or f"{_stem(new)}-diff.svg"))
    if as_json:
        click.echo(json_text(as_values(difference)))
    elif not difference.same:
        click.echo(
            f"{click.style(f'--- {old}', fg='red')}\n{click.style(f'+++ {new}', fg='green')}"
        )
        click.echo(as_text(difference))
    click.get_current_context().exit(0 if difference.same else 1)


def _stem(file: str) -> str:
    return "stdin" if file == "-" else Path(file).name.removesuffix(".space")


def _draw(difference: Any, path: Path) -> None:
    from autorecon.graph.diff.draw_diff import diff_source
    from autorecon.graph.draw.render import render_dot

    render_dot(diff_source(difference), path)
    click.echo(f"drawn to {path}", err=True)
