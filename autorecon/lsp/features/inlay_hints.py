"""Beside the text: the shapes of nodes, and how many edges a statement makes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from autorecon.lang import Edge
from autorecon.lang.program.sizes import show_sized
from autorecon.lang.syntax import tree as s
from autorecon.lang.wording import plural, some
from autorecon.lsp.knowledge import Knowledge, edge_statements, instances
from autorecon.lsp.names import symbols
from autorecon.lsp.view import View

MAX_SHAPES = 3  # of a node, in the instances of its block


def inlay_hints(view: View, params: types.InlayHintParams) -> list[types.InlayHint]:
    if view.knowledge is None:
        return []
    start, end = view.offset(params.range.start), view.offset(params.range.end)
    hints = sorted([*_shapes(view, view.knowledge), *_edges(view, view.knowledge)])
    return [
        types.InlayHint(view.document.positions.position(place), text, padding_left=True)
        for place, text in hints
        if start <= place <= end
    ]


def _shapes(view: View, knowledge: Knowledge) -> Iterator[tuple[int, str]]:
    """Behind the sizes, where these are not written as numbers; nodes of one declaration have one
    shape in each instance of their block."""
    known = instances(view.document)
    for occurrence in view.document.names.occurrences:
        symbol, statement = occurrence.symbol, occurrence.symbol.statement
        if not occurrence.is_declaration or symbol.kind != symbols.NODE:
            continue
        first, sizes, end = _written(statement)
        if first.span.start != occurrence.span.start:
            continue
        nodes = knowledge.nodes(symbol, known)
        shapes = dict.fromkeys(show_sized(node.shape, node.sizes) for node in nodes)
        if shapes and not all(isinstance(size, s.Number) for size in sizes):
            yield end, f"= {some(list(shapes), MAX_SHAPES)}"


def _written(statement: s.NodeDecl | s.InputDecl) -> tuple[s.Name, Sequence[s.Expr], int]:
    """The first name, the sizes, and where these end."""
    if isinstance(statement, s.NodeDecl):
        return statement.names[0], statement.shape, statement.shape_span.end
    return statement.names[0], statement.sizes, statement.sizes[-1].span.end + 1


def _edges(view: View, knowledge: Knowledge) -> Iterator[tuple[int, str]]:
    for statement, block in edge_statements(view.document.recovered.statements):
        edges = knowledge.edges(statement, block)
        if len(edges) > 1 or any(len(e.candidates) > 1 for e in edges):
            yield statement.span.end, _count(edges)


def _count(edges: Sequence[Edge]) -> str:
    options = {len({candidate.ops for candidate in edge.candidates}) for edge in edges}
    each = f" x {plural(max(options), 'candidate')}" if len(options) == 1 else ""
    return f"{plural(len(edges), 'edge')}{each}"
