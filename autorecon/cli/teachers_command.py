"""`autorecon teachers`: what can be compressed without bringing a model."""

from __future__ import annotations

import json

import click


@click.command("teachers")
@click.option("--json", "as_json", is_flag=True, help="Print everything that is recorded.")
def teachers(as_json: bool) -> None:
    """List the shipped teachers; any other is `--teacher package.module:function`."""
    from autorecon.teachers import describe, names

    found = {name: describe(name) for name in names()}
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for name, about in found.items():
        size = f"{about['channels']}x{about['size']}x{about['size']}"
        click.echo(
            f"{name:<22} {about['architecture']}, {about['data']} {size}, "
            f"{about['classes']} classes, {about['test_accuracy']:.2f} % top-1"
        )
