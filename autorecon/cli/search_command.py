"""`autorecon search`: a genotype of a space for a teacher."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import (
    derive_option,
    job_options,
    recipe_option,
    set_option,
    setting,
    space_argument,
    strategy_option,
    teacher_options,
)
from autorecon.cli.tables import Table, plain_text
from autorecon.cli.terminal import echo_file

if TYPE_CHECKING:
    from autorecon.records.front import FrontRow


@click.command("search")
@space_argument("space")
@set_option
@teacher_options
@strategy_option
@derive_option
@setting("--objective", sets=["search.objective"], help="What is minimised, as in 'ce + 0.1*bns'.")
@setting(
    "--seed", type=click.IntRange(0), sets=["search.seed"], help="Of weights, noise and samples."
)
@recipe_option
@job_options
def search(as_json: bool, jobs: int | None, **options: Any) -> None:
    """Search SPACE (a file or a shipped name, by default the recipe's) and print the genotype."""
    import attrs

    from autorecon.cli.jobs import open_job
    from autorecon.records.front import read_front
    from autorecon.workflow import run as workflow

    folder, prepared, progress = open_job("search")
    progress.say(f"search in {folder.path}")
    found = workflow.search(
        folder, prepared, progress, workflow.side_by_side(folder, jobs, prepared.launched)
    )
    front = read_front(folder.front_table_path)
    if as_json:
        values = {"genotype": str(folder.genotype_path), "choices": dict(found.program.chosen)}
        rows = {"front": [attrs.asdict(row) for row in front]} if front else {}
        click.echo(json.dumps(values | rows, indent=2))
        return
    echo_file(found.text)
    progress.say(f"written to {folder.genotype_path}")
    if front:
        progress.say(plain_text(_front_table(front)))


def _front_table(front: list[FrontRow]) -> Table:
    rows = [
        (
            row.file,
            row.id,
            f"{row.macs:,}",
            f"{row.parameters:,}",
            f"{row.total:.4f}",
            "genotype.space" if row.chosen else "",
        )
        for row in front
    ]
    columns = ("file", "id", "MACs", "weights", "loss", "is")
    return Table("Pareto front", columns, rows, ("MACs", "weights", "loss"))
