"""`autorecon compress`: quantize a teacher with the images of one generator."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import job_options, set_option, teacher_options


@click.command("compress")
@click.argument("generator", required=False)
@set_option
@teacher_options
@click.option("--bits", help="Weights and activations, w2a2 .. w8a8.")
@click.option("--ranges", help="Activation ranges: percentile or minmax.")
@click.option("--seeds", type=click.IntRange(1, 1000), help="Compress with seeds 0 .. N-1.")
@click.option("--objective", help="What the generator minimises, as in 'ce + 0.1*bns'.")
@job_options
def compress(generator: str | None, parameters: dict, **options: Any) -> None:
    """Compress a teacher with GENERATOR: a genotype, or a space of one architecture."""
    from autorecon.cli.jobs import open_job
    from autorecon.cli.outcome import show_outcome
    from autorecon.report import write_report
    from autorecon.workflow import run as workflow

    if generator is None and options["resume"] is None and options["config"] is None:
        raise click.UsageError("name a generator: a genotype file, or `gdfq-cifar`")
    count = options["seeds"]
    settings = {
        "space.file": generator,
        "space.set": parameters or None,
        "compress.bits": options["bits"],
        "compress.ranges": options["ranges"],
        "compress.objective": options["objective"],
        "seeds": list(range(count)) if count else None,
    }
    folder, prepared, progress = open_job("compress", options, settings)
    progress.say(f"compression in {folder.path}")
    results = workflow.compress(folder, prepared, progress)
    show_outcome(results, write_report(folder), options["as_json"])
