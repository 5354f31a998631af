"""`autorecon compress`: compress a teacher by a method, with the images of one generator."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import (
    bits_option,
    float_option,
    job_options,
    partial_option,
    ranges_option,
    scheme_options,
    seeds_option,
    set_option,
    setting,
    space_argument,
    teacher_options,
)


@click.command("compress")
@space_argument("generator")
@set_option
@setting(
    "--method",
    sets=["compress.method"],
    help="How to compress; `autorecon methods` lists all. Default: gdfq.",
)
@teacher_options
@setting(
    "--generator-weights",
    metavar="FILE",
    sets=["space.weights"],
    help="A safetensors file that the generator starts with.",
)
@setting(
    "--student",
    sets=["compress.student"],
    help="Architecture to distil into, or package.module:function.",
)
@bits_option
@ranges_option
@scheme_options
@partial_option
@float_option
@seeds_option
@setting(
    "--objective",
    sets=["compress.objective"],
    help="What the images minimise, as in 'ce + 0.1*bns'.",
)
@job_options
def compress(
    generator: str | None, config: str | None, jobs: int | None, as_json: bool, **options: Any
) -> None:
    """Compress a teacher with GENERATOR: a genotype, or a space of one architecture.

    Methods that make no images, or optimise them without a generator, take none.
    """
    from autorecon.cli.jobs import open_job
    from autorecon.cli.outcome import show_outcome
    from autorecon.report import write_report
    from autorecon.workflow import run as workflow

    unnamed = generator is None and config is None
    folder, prepared, progress = open_job("compress", {"space.file": ""} if unnamed else None)
    progress.say(f"compression in {folder.path}")
    ahead = workflow.side_by_side(folder, jobs or 1)
    results = workflow.compress(folder, prepared, progress, ahead)
    show_outcome(results, write_report(folder), as_json)
