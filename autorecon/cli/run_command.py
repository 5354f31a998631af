"""`autorecon run`: the main job, from a search space to a report."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import job_options, recipe_option, set_option, teacher_options


@click.command("run")
@click.argument("space", required=False)
@set_option
@click.option("--baseline", help="The generator to compare with; '' for none.")
@teacher_options
@click.option("--bits", help="Weights and activations, w2a2 .. w8a8.")
@click.option("--ranges", help="Activation ranges: percentile, mse or minmax.")
@click.option("--seeds", type=click.IntRange(1, 1000), help="Compress with seeds 0 .. N-1.")
@click.option("--strategy", help="Of the search; `autorecon strategies` lists them.")
@click.option("--derive", help="What the search ends with: argmax, perturbation or sample.")
@click.option(
    "--inherit",
    is_flag=True,
    default=None,
    help="Start the discovered generator with the weights of the search.",
)
@click.option("--objective", help="What generators minimise, as in 'ce + 0.1*bns'.")
@recipe_option
@job_options
def run(space: str | None, parameters: dict, **options: Any) -> None:
    """Search SPACE, compress with what was discovered and with the baseline, and report.

    Without arguments: the space `autorecon`, a ResNet-20 on Fashion-MNIST at 16x16, 3-bit weights
    and activations, beside the human-designed generator of GDFQ.
    """
    from autorecon.cli.jobs import open_job
    from autorecon.cli.outcome import show_outcome
    from autorecon.report import write_report
    from autorecon.workflow import run as workflow

    count, objective = options["seeds"], options["objective"]
    settings = {
        "recipe": options["recipe"],
        "space.file": space,
        "space.set": parameters or None,
        "space.baseline": options["baseline"],
        "compress.bits": options["bits"],
        "compress.ranges": options["ranges"],
        "compress.objective": objective,
        "search.strategy": options["strategy"],
        "search.derive": options["derive"],
        "search.objective": objective,
        "inherit": options["inherit"],
        "seeds": list(range(count)) if count else None,
    }
    folder, prepared, progress = open_job("run", options, settings)
    progress.say(f"run in {folder.path}")
    results = workflow.run(folder, prepared, progress)
    report = write_report(folder)
    show_outcome(results, report, options["as_json"])
