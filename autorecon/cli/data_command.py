"""`autorecon data`: data sets to measure on."""

from __future__ import annotations

import click


@click.group("data")
def data() -> None:
    """Find or fetch the data sets that students are measured on."""


@data.command("list")
def list_data() -> None:
    """List the data sets for --data, and whether their files are here."""
    from autorecon.data import OWN, DataError, MissingDataError, load, names

    for name in names():
        try:
            found = load(name)
            images = f"{len(found.test):,} test images {found.channels}x{found.size}x{found.size}"
            state = f"{images}, {found.classes} classes"
        except MissingDataError:
            state = f"not here; `autorecon data fetch {name}` gets it, or says where it belongs"
        except DataError as error:
            state = str(error)
        click.echo(f"{name:<16} {state}")
    click.echo(f"{OWN + 'PATH':<16} pictures of your own, in folders or listed in a text file")


@data.command("fetch")
@click.argument("name")
def fetch_data(name: str) -> None:
    """Install a data set's files where they are looked for; nothing when they are there."""
    from autorecon.data import fetch

    click.echo(fetch(name, say=lambda line: click.echo(line, err=True)))
