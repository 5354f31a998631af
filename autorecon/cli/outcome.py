"""What a run brought, on a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from autorecon.records.results import Generator, Results, Spread


def show_outcome(results: Results, report: Path, as_json: bool) -> None:
    """The table of results.json and where the report is; with `as_json` the object itself."""
    from autorecon.lang.wording import plural
    from autorecon.records.schema import plain

    if as_json:
        click.echo(json.dumps(plain(results), indent=2))
        return
    from autorecon.report.wording import measured_as

    click.echo(f"\n{measured_as(results)}" if results.data else "")
    for name, *figures, size in _rows(results):
        click.echo("  ".join([f"  {name:<18}", *(f"{text:>15}" for text in figures), size]))
    if difference := results.difference:
        click.echo(
            f"\n  {difference.of}: {difference.mean:+.2f} points over "
            f"{plural(difference.runs, 'paired seed')}"
        )
    for row in results.rows:
        for warning in row.warnings:
            click.echo(f"  warning: {row.generator}, seed {row.seed}: {warning}")
    click.echo(f"\nreport: {report}")


def _rows(results: Results) -> list[list[str]]:
    """A heading, full precision where its figure is known, and each generator's students."""
    full = results.full_precision
    rows = [[results.compressed, "calibrated only", "last epoch"]]
    if full is not None:
        rows.append(["full precision", "", f"{full:.2f} %"])
    rows += [[s.generator, _figure(s.calibrated), _figure(s.last)] for s in results.summary]
    known = [""] * (full is not None)
    if results.figure == "accuracy" and any(s.agreement for s in results.summary):
        _append(rows, ["agreement", *known, *(_figure(s.agreement) for s in results.summary)])
    if any(s.divergence for s in results.summary):
        _append(rows, ["divergence", *known, *(_nats(s.divergence) for s in results.summary)])
    costs = [_cost(results.generator_of(s.generator)) for s in results.summary]
    _append(rows, ["generator", *known, *costs])
    return rows


def _append(rows: list[list[str]], column: list[str]) -> None:
    for row, text in zip(rows, column, strict=True):
        row.append(text)


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
