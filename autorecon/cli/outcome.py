"""What a run brought, on a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


def show_outcome(results: Mapping[str, Any], report: Path, as_json: bool) -> None:
    """The table of results.json and where the report is; with `as_json` the object itself."""
    if as_json:
        click.echo(json.dumps(results, indent=2))
        return
    click.echo()
    for name, calibrated, tuned, size in _rows(results):
        click.echo(f"  {name:<18} {calibrated:>16} {tuned:>16}   {size}")
    difference = results["difference"]
    if difference:
        click.echo(
            f"\n  {difference['of']}: {difference['mean']:+.2f} points over {difference['runs']} "
            f"paired seed{'s' * (difference['runs'] > 1)}"
        )
    for row in results["rows"]:
        for warning in row["warnings"] or ():
            click.echo(f"  warning: {row['generator']}, seed {row['seed']}: {warning}")
    click.echo(f"\nreport: {report}")


def _rows(results: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    full = results["teacher"]["accuracy"]
    rows = [(results["bits"] or results["student"], "calibrated only", "last epoch", "generator")]
    if full is not None:
        rows.append(("full precision", "", f"{full:.2f} %", ""))
    sizes = {g["label"]: g for g in results["generators"]}
    for summary in results["summary"]:
        cost = _cost(sizes.get(summary["generator"]))
        figures = _figure(summary["calibrated"], summary), _figure(summary["last"], summary)
        rows.append((summary["generator"], *figures, cost))
    return rows


def _cost(generator: Mapping[str, Any] | None) -> str:
    if generator is None:
        return "none"
    return f"{generator['parameters']:,} weights, {generator['macs'] / 1e6:.1f} MMAC"


def _figure(spread: Mapping[str, float] | None, summary: Mapping[str, Any]) -> str:
    if spread is None:
        return "not measured"
    shown = f"{spread['mean']:.2f}"
    return f"{shown} +- {spread['std']:.2f} %" if summary["runs"] > 1 else f"{shown} %"
