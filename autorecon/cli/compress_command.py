"""`autorecon compress`: compress a teacher by a method, with the images of one generator."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import job_options, set_option, teacher_options


@click.command("compress")
@click.argument("generator", required=False)
@set_option
@click.option("--method", help="How to compress; `autorecon methods` lists all. Default: gdfq.")
@teacher_options
@click.option(
    "--generator-weights", metavar="FILE", help="A safetensors file that the generator starts with."
)
@click.option("--student", help="Architecture to distil into, or package.module:function.")
@click.option("--bits", help="Weights and activations, w2a2 .. w8a8.")
@click.option("--ranges", help="Activation ranges: percentile, mse or minmax.")
@click.option("--seeds", type=click.IntRange(1, 1000), help="Compress with seeds 0 .. N-1.")
@click.option("--objective", help="What the images minimise, as in 'ce + 0.1*bns'.")
@job_options
def compress(generator: str | None, parameters: dict, **options: Any) -> None:
    """Compress a teacher with GENERATOR: a genotype, or a space of one architecture.

    Methods that make no images, or optimise them without a generator, take none.
    """
    from autorecon.cli.jobs import open_job
    from autorecon.cli.outcome import show_outcome
    from autorecon.report import write_report
    from autorecon.workflow import run as workflow

    count = options["seeds"]
    unnamed = generator is None and options["resume"] is None and options["config"] is None
    settings = {
        "space.file": "" if unnamed else generator,
        "space.set": parameters or None,
        "space.weights": options["generator_weights"],
        "compress.method": options["method"],
        "compress.student": options["student"],
        "compress.bits": options["bits"],
        "compress.ranges": options["ranges"],
        "compress.objective": options["objective"],
        "seeds": list(range(count)) if count else None,
    }
    folder, prepared, progress = open_job("compress", options, settings)
    progress.say(f"compression in {folder.path}")
    results = workflow.compress(folder, prepared, progress)
    show_outcome(results, write_report(folder), options["as_json"])
