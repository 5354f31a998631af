"""`autorecon methods`: the ways to compress, with what each needs and where it is from."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from autorecon.compress import CompressConfig

SOURCES = {
    "generator": "a generator of your choice",
    "pictures": "no generator: images are optimised one by one",
    "noise": "no generator: images are noise",
    "none": "no images at all",
}


@click.command("methods")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object by name, with settings.")
def methods(as_json: bool) -> None:
    """List the methods of `autorecon compress`: name, family, needs and source."""
    from autorecon.compress import METHODS, CompressConfig

    configs = {name: CompressConfig(method=name) for name in METHODS}
    if as_json:
        click.echo(json.dumps({n: facts(c) for n, c in configs.items()}, indent=2))
        return
    for family in ("quantization", "distillation"):
        own = {n: c for n, c in configs.items() if c.recipe.family == family}
        if own:
            click.echo(click.style(family, bold=True))
        for name, config in own.items():
            _show(name, facts(config))


def facts(config: CompressConfig) -> dict[str, Any]:
    """What a method is and needs, and its settings with their defaults."""
    from autorecon.objective import NEEDS

    method = config.recipe
    return {
        "family": method.family,
        "summary": method.summary,
        "source": method.source,
        "needs": [NEEDS[need] for need in config.needs],
        "objective": config.objective,
        "cite": method.cite,
        "settings": dict(method.settings),
    }


def _show(name: str, about: dict[str, Any]) -> None:
    lines = [about["summary"], f"takes {SOURCES[about['source']]}"]
    if about["needs"]:
        lines.append(f"needs of the teacher: {', '.join(about['needs'])}")
    if about["objective"]:
        lines.append(f"its images minimise {about['objective']}")
    lines.append(about["cite"])
    first, *rest = [part for line in lines for part in textwrap.wrap(line, 84)]
    click.echo(f"  {name:<14} {first}")
    for line in rest:
        click.echo(click.style(f"  {'':<14} {line}", dim=True))
