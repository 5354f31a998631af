"""`autorecon evaluate`: a run's student, or any model's file, measured where it runs."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import assignments_option, settings_given, teacher_options
from autorecon.cli.terminal import echo

if TYPE_CHECKING:
    from autorecon.cli.tables import Table
    from autorecon.records.evaluation import Evaluation, Measured
    from autorecon.workflow.evaluate import Question


@click.command("evaluate")
@click.argument("source", type=click.Path(path_type=Path, exists=True))
@teacher_options
@click.option("--build", metavar="MODULE:FUNCTION", help="Makes a student's network, of your own.")
@click.option(
    "--threads", type=click.IntRange(1, 1024), default=1, show_default=True, help="Of what runs it."
)
@click.option("--trust", is_flag=True, help="Load a .pt2, or the code that a run names.")
@assignments_option
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")
def evaluate(source: Path, as_json: bool, **options: Any) -> None:
    """Measure SOURCE here: bytes, accuracy or agreement, milliseconds an image in ONNX Runtime.

    SOURCE is a finished run's folder, a compressed model's file, or an .onnx or .pt2 file of
    whoever made it. Beside it runs the teacher in full precision, in turn: that of the run, one
    that is shipped, or --teacher. A run keeps what is found as evaluation.json, and its report
    shows it.
    """
    from autorecon.cli.tables import show_tables
    from autorecon.records.schema import plain
    from autorecon.workflow.evaluate import evaluate

    asked = _question(source, **options)
    found = evaluate(asked)
    if source.is_dir() and not asked.given:
        _keep(source, found)
    if as_json:
        echo(json.dumps(plain(found), indent=2))
        return
    show_tables([_table(found)])
    for line in _told(found):
        echo(line)


def _question(
    source: Path,
    build: str | None,
    threads: int,
    trust: bool,
    assignments: tuple[str, ...],
    **_: Any,
) -> Question:
    from autorecon.teachers.loading import build_own
    from autorecon.workflow.config import read_config
    from autorecon.workflow.evaluate import Question
    from autorecon.workflow.settings import combine

    given = settings_given(click.get_current_context())
    values = combine(None, given | {"space.baseline": ""}, list(assignments))
    config = read_config(values | {"command": "compress"})
    return Question(
        source=source,
        config=config,
        given=set(values.get("teacher", {})),
        threads=threads,
        build=partial(build_own, build) if build else None,
        trusted=trust,
    )


def _keep(run: Path, found: Evaluation) -> None:
    from autorecon.records.files import write_record
    from autorecon.report import write_report
    from autorecon.runs import RunFolder

    folder = RunFolder.open(run)
    write_record(folder.evaluation_path, found)
    echo(f"report: {write_report(folder)}", err=True)


def _table(found: Evaluation) -> Table:
    from autorecon.cli.tables import Table, without_empty_columns

    timed = [f"ms, batch {batch}" for batch in found.batches]
    columns = ("", "bytes", "as it runs", "accuracy", "agreement", "divergence", *timed)
    models = [("full precision", found.full), ("model", found.model)]
    rows = [_row(name, model, found.batches) for name, model in models if model]
    return without_empty_columns(Table(found.source, columns, rows, columns[1:]))


def _row(name: str, model: Measured, batches: list[int]) -> tuple[str, ...]:
    score, own = model.score, [model.timing(batch) for batch in batches]
    accuracy, agreement, divergence = (
        (score.accuracy, score.agreement, score.divergence) if score else (None, None, None)
    )
    return (
        f"{name}: {model.name}",
        f"{model.bytes:,}",
        f"{model.run_bytes:,}",
        "" if accuracy is None else f"{accuracy:.2f} %",
        "" if agreement is None else f"{agreement:.2f} %",
        "" if divergence is None else f"{divergence:.3g} nats",
        *(f"{t.median:.3g} ({t.spread:.1g})" if t else "" for t in own),
    )


def _told(found: Evaluation) -> list[str]:
    from autorecon.lang.wording import plural

    lines = []
    speeds = {batch: found.faster(batch) for batch in found.batches}
    if all(speeds.values()):
        told = (f"{speed:.2f} times in batches of {batch}" for batch, speed in speeds.items())
        lines.append(f"as fast as in full precision: {', '.join(told)}")
    if found.kernels:
        lines.append(found.kernels)
    if found.data:
        lines.append(f"answers on {plural(found.images, 'image')} of {found.data}")
    else:
        lines.append("no images to answer on: name some with --data")
    assert found.machine
    return [*lines, f"{found.machine.text}, in turn; medians, interquartile ranges in brackets"]
