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
    from autorecon.records.schema import plain

    if as_json:
        click.echo(json.dumps(plain(results), indent=2))
        return
    click.echo()
    for name, calibrated, tuned, size in _rows(results):
        click.echo(f"  {name:<18} {calibrated:>16} {tuned:>16}   {size}")
    if difference := results.difference:
        click.echo(
            f"\n  {difference.of}: {difference.mean:+.2f} points over {difference.runs} "
            f"paired seed{'s' * (difference.runs > 1)}"
        )
    for row in results.rows:
        for warning in row.warnings:
            click.echo(f"  warning: {row.generator}, seed {row.seed}: {warning}")
    click.echo(f"\nreport: {report}")


def _rows(results: Results) -> list[tuple[str, str, str, str]]:
    full = results.teacher.accuracy
    rows = [(results.compressed, "calibrated only", "last epoch", "generator")]
    if full is not None:
        rows.append(("full precision", "", f"{full:.2f} %", ""))
    for summary in results.summary:
        cost = _cost(results.generator_of(summary.generator))
        rows.append((summary.generator, _figure(summary.calibrated), _figure(summary.last), cost))
    return rows


def _cost(generator: Generator | None) -> str:
    if generator is None:
        return "none"
    return f"{generator.parameters:,} weights, {generator.macs / 1e6:.1f} MMAC"


def _figure(spread: Spread | None) -> str:
    if spread is None:
        return "not measured"
    shown = f"{spread.mean:.2f}"
    return f"{shown} %" if spread.std is None else f"{shown} +- {spread.std:.2f} %"
