"""`autorecon compress`: compress a teacher by a method, with the images of one generator."""

from __future__ import annotations

from typing import Any

import click

from autorecon.cli.options import (
    bits_option,
    float_option,
    job_options,
    method_option,
    objective_option,
    partial_option,
    ranges_option,
    scheme_options,
    seeds_option,
    set_option,
    setting,
    space_argument,
    student_option,
    teacher_options,
)


@click.command("compress")
@space_argument("generator")
@set_option
@method_option
@teacher_options
@setting(
    "--generator-weights",
    metavar="FILE",
    sets=["space.weights"],
    help="A safetensors file that the generator starts with.",
)
@student_option
@bits_option
@ranges_option
@scheme_options
@partial_option
@float_option
@seeds_option
@objective_option
@job_options
def compress(
    generator: str | None, config: str | None, jobs: int | None, as_json: bool, **options: Any
) -> None:
    """Compress a teacher with GENERATOR: a genotype, or a space of one architecture.

    Methods that make no images, or optimise them without a generator, take none.
    """
    from autorecon.cli.jobs import open_job, report_of
    from autorecon.cli.outcome import show_outcome
    from autorecon.workflow import run as workflow
    from autorecon.workflow.measure import measure_run

    unnamed = generator is None and config is None
    folder, prepared, progress = open_job("compress", {"space.file": ""} if unnamed else None)
    progress.say(f"compression in {folder.path}")
    ahead = workflow.side_by_side(folder, jobs or 1, prepared.launched)
    results = workflow.compress(folder, prepared, progress, ahead)
    measure_run(folder, prepared, results, progress)
    show_outcome(results, folder.path, report_of(folder), as_json)
