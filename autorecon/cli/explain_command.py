"""`autorecon explain`: why a search chose an operation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import ops_option
from autorecon.cli.terminal import echo

if TYPE_CHECKING:
    from autorecon.cli.tables import Table
    from autorecon.report.explain import Explanation


@click.command("explain")
@click.argument("run", type=click.Path(path_type=Path))
@ops_option
@click.argument("edge")
@click.option("--json", "as_json", is_flag=True, help="Print the same as a JSON list.")
def explain(run: Path, edge: str, as_json: bool) -> None:
    """Tell why the search in RUN chose what it has on EDGE, as 'B1.n1 -> B1.n2', or at a decision
    of that name."""
    from autorecon.cli.tables import show_tables
    from autorecon.report import explain as why
    from autorecon.runs import RunFolder

    found = why.explain(RunFolder.open(run), edge)
    if as_json:
        echo(json.dumps([_values(one) for one in found], indent=2))
        return
    for number, one in enumerate(found):
        echo("\n" * (number > 0), nl=False)
        show_tables([_table(one)])
        echo("\n" + "\n".join(_sentences(one)))


def _table(one: Explanation) -> Table:
    from autorecon.cli.tables import Table, without_empty_columns
    from autorecon.graph.draw.labels import interval_text

    scored = one.derived == "perturbation"
    epochs = tuple(f"epoch {epoch}" for epoch in one.shown)
    numbers = (*epochs, "loss without", "least loss with", "agreement with", "weights", "MACs")
    rows = [
        (
            option.text + (" *" if option.text == one.chosen else ""),
            *(f"{p:.3f}" for p in option.probabilities),
            f"{option.score:.4f}" if scored else "",
            "" if option.loss is None else f"{option.loss:.4f}",
            "" if option.agreement is None else f"{option.agreement:.2f}%",
            interval_text(option.parameters),
            interval_text(option.macs),
        )
        for option in one.options
    ]
    title = f"{one.decision}: {one.chosen}, after {one.done} of {one.epochs} epochs"
    return without_empty_columns(Table(title, ("option", *numbers), rows, numbers))


def _sentences(one: Explanation) -> list[str]:
    from autorecon.search import DERIVATIONS, STRATEGIES

    verb = "ahead of" if one.margin >= 0 else "behind"
    lines = [
        f"chosen     {one.chosen} at {one.share:.3f}, {abs(one.margin):.3f} {verb} {one.runner_up}",
        f"entropy    {one.entropy:.3f} nats, {one.undecided:.0%} of that of equal options",
        f"strategy   {one.strategy}: {STRATEGIES[one.strategy].summary}",
        f"derived    {one.derived}: {DERIVATIONS[one.derived]}",
    ]
    if one.repaired:
        lines.append(
            f"repaired   {one.best} came first, and makes no valid architecture of the rest"
        )
    if one.tried:
        lines.append(
            f"selected   from {one.tried} architectures, by what each does for the student"
        )
    if len(one.edges) > 1:
        lines.append(f"edges      {', '.join(one.edges)}")
    return lines


def _values(one: Explanation) -> dict[str, Any]:
    import attrs

    derived = {name: getattr(one, name) for name in ("share", "runner_up", "margin", "undecided")}
    return attrs.asdict(one) | derived
