"""`autorecon spaces`: what can be compiled, searched or compressed with by its name alone."""

from __future__ import annotations

import json
import re
from itertools import takewhile
from typing import Any

import click

_EXACT = 1_000_000
_FIRST = re.compile(r".*?(?=[.:](?:\s|$))")


@click.command("spaces")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object by name.")
def spaces(as_json: bool) -> None:
    """List the shipped spaces, at their defaults, each with its source."""
    from autorecon.lang import shipped_spaces

    found = {name: _facts(name) for name in shipped_spaces()}
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, facts in found.items():
        click.echo(f"{name:<19} {facts['kind']:<13}{_size(facts)}")
        click.echo(click.style(f"{'':<19} {facts['source']}", dim=True))


def _facts(name: str) -> dict[str, Any]:
    from autorecon.graph import load
    from autorecon.graph.summary import summary

    space = load(name)
    facts = summary(space)
    wanted = "kind", "architectures", "parameters", "macs"
    return {key: facts[key] for key in wanted} | {"source": source_line(space.text)}


def source_line(text: str) -> str:
    """Where a space is from: the comment that its file begins with, to the first `.` or `:`."""
    lines = takewhile(lambda line: line.startswith("#"), text.splitlines())
    whole = " ".join(line.lstrip("# ") for line in lines)
    match = _FIRST.match(whole)
    return match[0] if match else whole


def _size(facts: dict[str, Any]) -> str:
    from autorecon.graph.counting.cost import Interval
    from autorecon.graph.draw.labels import interval_text

    weights = f"{interval_text(Interval(**facts['parameters']))} weights"
    if facts["architectures"] == 1:
        return weights
    count = facts["architectures"]
    shown = f"{count:,}" if count < _EXACT else f"{count:.2e}"
    return f"{shown} architectures, {weights}"
