"""What a text means, whatever its things are called: equal for texts that differ by names alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autorecon.lang import LabelInput, Pipeline, Program
from autorecon.lsp.documents import Document


def likeness(document: Document, program: Program | None) -> tuple:
    """Which places name one thing and, of a program, all its nodes and edges by their numbers."""
    symbols: dict[int, int] = {}
    uses = [symbols.setdefault(id(o.symbol), len(symbols)) for o in document.names.occurrences]
    return tuple(uses), _program(program) if program else None


def _program(program: Program) -> tuple:
    numbers = {name: number for number, name in enumerate(program.nodes)}
    edges = {edge.name: number for number, edge in enumerate(program.edges)}
    axes = {name: number for number, name in enumerate(program.decisions)}
    return (
        tuple(program.parameters.values()),
        [
            (n.shape, n.role, n.merge.text, n.then and _pipeline(n.then, numbers), len(n.aliases))
            for n in program.nodes.values()
        ],
        [
            (axes.get(n.sizes.decision), n.sizes.told, n.sizes.apart)
            for n in program.nodes.values()
            if n.sizes
        ],
        [
            (
                numbers[e.source],
                numbers[e.target],
                e.contract,
                [_pipeline(candidate, numbers) for candidate in e.candidates],
                [axes.get(axis) for axis in e.axes],
                e.table,
                edges.get(e.weights_of or ""),
            )
            for e in program.edges
        ],
        [(one.measure, one.least, one.most) for one in program.limits],
        [
            (c.least, c.most, [edges[name] for name in c.edges], axes.get(c.choice or ""), c.places)
            for rule in program.rules
            for c in rule.counts
        ],
        list(program.picks.values()),
    )


def _pipeline(pipeline: Pipeline, numbers: Mapping[str, int]) -> list[tuple[str, list[Any]]]:
    """Its operations; a label input that one reads has a name as well."""
    return [
        (op.name, [numbers.get(v.name) if isinstance(v, LabelInput) else v for v in op.values])
        for op in pipeline.ops
    ]
