"""What a run brought, on a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from autorecon.cli.terminal import echo

if TYPE_CHECKING:
    from autorecon.records.results import Generator, Results, Spread


def show_outcome(results: Results, run: Path, report: Path | None, as_json: bool) -> None:
    """The table of results.json and where the report is, if it is; with `as_json` the object
    itself."""
    from autorecon.lang.wording import plural
    from autorecon.records.schema import plain

    if as_json:
        echo(json.dumps(plain(results), indent=2))
        return
    from autorecon.report.wording import measured_as

    echo(f"\n{measured_as(results, run)}")
    for name, *figures, size in _rows(results):
        echo("  ".join([f"  {name:<18}", *(f"{f:>15}" for f in figures), size]).rstrip())
    if difference := results.difference:
        echo(
            f"\n  {difference.of}: {difference.mean:+.2f} points over "
            f"{plural(difference.runs, 'paired seed')}"
        )
    for row in results.rows:
        for warning in row.warnings:
            echo(f"  warning: {row.generator}, seed {row.seed}: {warning}")
    if report:
        echo(f"\nreport: {report}")
    _show_file(run)


def _show_file(run: Path) -> None:
    """The compressed model's file, and the lines that run it."""
    from autorecon.compress.packed.load import student_file
    from autorecon.runs import RunError

    try:
        file = student_file(run)
    except RunError:  # every student diverged, which the table tells
        return
    echo(f"compressed: {file}, {file.stat().st_size:,} bytes")
    echo(f"  model = autorecon.load_compressed({str(run)!r})")
    echo(f"  autorecon export {run} -o student.onnx")


def _rows(results: Results) -> list[tuple[str, ...]]:
    """A heading, full precision where its figure is known, and each generator's students."""
    full, shown = results.full_precision, results.summary
    columns = [[results.compressed, "full precision", *(s.generator for s in shown)]]
    if results.data:
        known = "" if full is None else f"{full:.2f} %"
        columns.append(["calibrated only", "", *(_figure(s.calibrated) for s in shown)])
        columns.append(["last epoch", known, *(_figure(s.last) for s in shown)])
    if results.figure == "accuracy" and any(s.agreement for s in shown):
        columns.append(["agreement", "100.00 %", *(_figure(s.agreement) for s in shown)])
    if any(s.divergence for s in shown):
        columns.append(["divergence", "0 nats", *(_nats(s.divergence) for s in shown)])
    costs = [_cost(results.generator_of(s.generator)) for s in shown]
    heading, teacher, *rows = zip(*columns, ["generator", "", *costs], strict=True)
    return [heading, *([] if full is None else [teacher]), *rows]


def _nats(spread: Spread | None) -> str:
    return "not measured" if spread is None else f"{spread.mean:.3g} nats"


def _cost(generator: Generator | None) -> str:
    if generator is None:
        return "none"
    return f"{generator.parameters:,} weights, {generator.macs / 1e6:.1f} MMAC"


def _figure(spread: Spread | None) -> str:
    if spread is None:
        return "not measured"
    shown = f"{spread.mean:.2f}"
    return f"{shown} %" if spread.std is None else f"{shown} +- {spread.std:.2f} %"
