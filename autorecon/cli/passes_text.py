"""What the compiler's passes did, as tables and as JSON values."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import attrs

from autorecon.cli.tables import Table
from autorecon.graph import Space
from autorecon.lang.wording import some
from autorecon.lowering.report import EdgeReport, Stage, report

MAX_NAMES = 4  # edges that a title names


def values(space: Space) -> dict[str, Any]:
    stages, edges = report(space)
    return {
        "passes": [attrs.asdict(stage) for stage in stages],
        "edges": {
            edge.edge: [{"candidate": c, "computed": way} for c, way in edge.candidates]
            for edge in edges
        },
    }


def tables(space: Space) -> list[Table]:
    """The passes, then edges that are computed alike."""
    stages, edges = report(space)
    alike: dict[tuple, list[EdgeReport]] = defaultdict(list)
    for edge in edges:
        alike[edge.candidates].append(edge)
    return [_passes(space, stages), *(_edges(group) for group in alike.values())]


def _passes(space: Space, stages: list[Stage]) -> Table:
    rows = [
        (s.name, f"{s.steps:,}", f"{s.convolutions:,}", f"{s.macs / 1e6:,.1f}", s.about)
        for s in stages
    ]
    columns = ("pass", "steps", "convolutions", "MMACs", "what it does")
    title = f"{space.name}: passes, and the size of the plan after each"
    return Table(title, columns, rows, ("steps", "convolutions", "MMACs"))


def _edges(group: list[EdgeReport]) -> Table:
    title = f"{group[0].type} {some([edge.edge for edge in group], MAX_NAMES)}"
    return Table(title, ("candidate", "computed"), group[0].candidates)
