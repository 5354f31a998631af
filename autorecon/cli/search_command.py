"""`autorecon search`: a genotype of a space for a teacher."""

from __future__ import annotations

import json
from typing import Any

import click

from autorecon.cli.options import job_options, set_option, teacher_options


@click.command("search")
@click.argument("space", required=False)
@set_option
@teacher_options
@click.option("--strategy", help="How it searches; `autorecon strategies` lists them.")
@click.option("--objective", help="What is minimised, as in 'ce + 0.1*bns'.")
@click.option("--seed", type=click.IntRange(0), help="Of weights, noise and samples.")
@job_options
def search(space: str | None, parameters: dict, **options: Any) -> None:
    """Search SPACE (a file or a shipped name, by default the paper's) and print the genotype."""
    from autorecon.cli.jobs import open_job
    from autorecon.workflow import run as workflow

    settings = {
        "space.file": space,
        "space.set": parameters or None,
        "search.strategy": options["strategy"],
        "search.objective": options["objective"],
        "search.seed": options["seed"],
    }
    folder, prepared, progress = open_job("search", options, settings)
    progress.say(f"search in {folder.path}")
    found = workflow.search(folder, prepared, progress)
    if options["as_json"]:
        choices = dict(found.program.chosen)
        values = {"genotype": str(folder.genotype_path), "choices": choices}
        click.echo(json.dumps(values, indent=2))
    else:
        click.echo(found.text, nl=False)
        progress.say(f"written to {folder.genotype_path}")
