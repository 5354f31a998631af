"""`autorecon strategies`: the ways to search, each with what it needs and where it is from."""

from __future__ import annotations

import json
from typing import Any

import click


@click.command("strategies")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object by name.")
def strategies(as_json: bool) -> None:
    """List the strategies of `autorecon search --strategy`."""
    from autorecon.search import STRATEGIES

    found = {name: _facts(name) for name in STRATEGIES}
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, facts in found.items():
        click.echo(f"{name:<10} {facts['summary']}")
        for need in (*facts["needs"], f"memory for {facts['holds']}"):
            click.echo(f"{'':<10} needs {need}")
        click.echo(click.style(f"{'':<10} {facts['source']}", dim=True))


def _facts(name: str) -> dict[str, Any]:
    from autorecon.search import NEEDS, STRATEGIES

    info = STRATEGIES[name]
    return {
        "summary": info.summary,
        "needs": [NEEDS[need] for need in info.needs],
        "holds": info.holds,
        "settings": [f"search.{section}" for section in info.settings],
        "source": info.source,
    }
