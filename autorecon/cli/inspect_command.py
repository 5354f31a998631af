"""`autorecon inspect`: what a teacher is, and what would become of it, without compressing it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import (
    assignments_option,
    bits_option,
    method_option,
    objective_option,
    own_teacher_options,
    partial_option,
    settings_given,
    student_option,
    teacher_argument,
)
from autorecon.cli.terminal import echo

if TYPE_CHECKING:
    from autorecon.cli.tables import Table
    from autorecon.workflow.inspection import Inspection


@click.command("inspect")
@teacher_argument
@own_teacher_options
@method_option
@bits_option
@student_option
@objective_option
@partial_option
@assignments_option
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")
def inspect(as_json: bool, assignments: tuple[str, ...], **options: Any) -> None:
    """Tell what TEACHER is and how much of it would be compressed, without doing it.

    Ends with the exit code that `autorecon compress` would, were it given the same options.
    """
    from autorecon.cli.tables import show_tables
    from autorecon.records.schema import plain
    from autorecon.workflow.config import read_config
    from autorecon.workflow.inspection import inspect
    from autorecon.workflow.settings import combine

    given = settings_given(click.get_current_context()) | {"space.baseline": "", "space.file": ""}
    values = combine(None, given, list(assignments))
    found, error = inspect(read_config(values | {"command": "compress"}))
    if as_json:
        echo(json.dumps(plain(found), indent=2))
    else:
        show_tables(_tables(found))
    if error:
        raise error


def _tables(found: Inspection) -> list[Table]:
    from autorecon.cli.tables import Table

    title = f"{found.teacher} ({found.module})"
    tables = [Table(title, ("", ""), [*_teacher(found), *_student(found)])]
    if found.coverage:
        rows = [(p.name, f"{p.macs:,}", f"{p.weights:,}") for p in found.coverage.left]
        columns = ("the largest", "MACs", "weights")
        tables.append(Table("in full precision", columns, rows, columns[1:]))
    return [*tables, Table("methods", ("", ""), _methods(found))]


def _teacher(found: Inspection) -> list[tuple[str, str]]:
    from autorecon.lang.wording import plural

    images = "x".join(map(str, found.image_shape))
    known = found.mean and found.std
    norm = f"mean {_numbers(found.mean)}, std {_numbers(found.std)}" if known else "not known"
    stored = "all" if found.statistics == found.norms else str(found.statistics)
    norms = f"{plural(found.norms, 'layer')}, {stored} with statistics" if found.norms else "none"
    return [
        *(("changed", line) for line in found.changes),
        ("images", f"{images}, normalisation {norm}"),
        ("classes", f"{found.classes:,}"),
        ("parameters", f"{found.parameters:,}, {found.bytes / 1e6:,.1f} MB as float32"),
        ("BatchNorm", norms),
    ]


def _student(found: Inspection) -> list[tuple[str, str]]:
    from autorecon.runs import duration

    rows = []
    if covered := found.coverage:
        rows += [
            ("MACs", f"{covered.macs:,} an image"),
            (f"at {found.bits}", f"{covered.share_of_weights:.1%} of the weights"),
            ("", f"{covered.share_of_macs:.1%} of the MACs"),
            ("", f"{covered.share_of_both:.1%} of the MACs with quantized values too"),
        ]
    if about := found.estimate:
        beside = ", and what its generator takes" if about.generator else ""
        steps = f"{about.steps:,} steps of {about.batch} images"
        rows.append((found.method, f"about {duration(about.seconds)} for {steps}{beside}"))
        if about.memory is not None:
            made = f", images made by {about.generator}" if about.generator else ""
            rows.append(("", f"about {about.memory / 2**20:,.0f} MiB of memory beside torch{made}"))
    return rows


def _methods(found: Inspection) -> list[tuple[str, str]]:
    """Those that can compress it in one row, then why the others cannot, together if alike."""
    names: dict[str, list[str]] = {"": []}
    for name, why in found.methods.items():
        names.setdefault(why, []).append(name)
    able = ", ".join(names.pop("")) or "none"
    return [("can", able), *((", ".join(own), why) for why, own in names.items())]


def _numbers(values: tuple[float, ...] | None) -> str:
    return " ".join(f"{value:.3f}" for value in values or ())
