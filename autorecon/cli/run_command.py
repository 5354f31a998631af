"""`autorecon run`: the main job, from a search space to a report."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import (
    bits_option,
    derive_option,
    float_option,
    job_options,
    partial_option,
    ranges_option,
    recipe_option,
    scheme_options,
    seeds_option,
    set_option,
    setting,
    space_argument,
    strategy_option,
    teacher_options,
)


@click.command("run")
@space_argument("space")
@set_option
@setting("--baseline", sets=["space.baseline"], help="The generator to compare with; '' for none.")
@teacher_options
@bits_option
@ranges_option
@scheme_options
@partial_option
@float_option
@seeds_option
@strategy_option
@derive_option
@setting(
    "--inherit",
    is_flag=True,
    default=None,
    sets=["inherit"],
    help="Start the discovered generator with the weights of the search.",
)
@setting(
    "--objective",
    sets=["search.objective", "compress.objective"],
    help="What generators minimise, as in 'ce + 0.1*bns'.",
)
@recipe_option
@job_options
def run(as_json: bool, jobs: int | None, **options: Any) -> None:
    """Search SPACE, compress with what was discovered and with the baseline, and report.

    Without arguments: the space `autorecon`, a ResNet-20 on Fashion-MNIST at 16x16, 3-bit weights
    and activations, beside the human-designed generator of GDFQ.
    """
    from autorecon.cli.jobs import open_job, report_of
    from autorecon.cli.outcome import show_outcome
    from autorecon.workflow import run as workflow
    from autorecon.workflow.measure import measure_run

    folder, prepared, progress = open_job("run")
    progress.say(f"run in {folder.path}")
    results = workflow.run(
        folder, prepared, progress, workflow.side_by_side(folder, jobs, prepared.launched)
    )
    measure_run(folder, prepared, results, progress)
    show_outcome(results, folder.path, report_of(folder), as_json)
