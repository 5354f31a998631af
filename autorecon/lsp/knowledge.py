"""What the checker says of a document, and what is known of a program by its names.

A program that was sound stays known while its text is being changed: it is asked for by names, and
for edges by the words of their statement, which both outlive whatever moves them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property

import attrs

from autorecon.graph import Space
from autorecon.lang import Diagnostic, Edge, Node, Pipeline, Program, SpaceError
from autorecon.lang.check.check import check_file
from autorecon.lang.check.space import check_declarations
from autorecon.lang.syntax import tree as s
from autorecon.lsp.documents import Document
from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Symbol

_INDEX = re.compile(r"\[[^]]*\]")


@attrs.frozen(eq=False)
class Checked:
    """What is wrong with a document, and the program that it is, if it is one."""

    document: Document
    diagnostics: tuple[Diagnostic, ...]
    program: Program | None = None


def check_document(document: Document) -> Checked:
    """Never raises; what a text of declarations is, no program tells."""
    file = document.recovered.file
    if file is None:
        return Checked(document, document.recovered.faults)
    try:
        if file.header is None:
            return Checked(document, check_declarations(file))
        program = check_file(file)
    except SpaceError as error:
        return Checked(document, error.diagnostics)
    return Checked(document, program.warnings, program)


@attrs.frozen(eq=False)
class Knowledge:
    """The last sound program of a text, and the document that it was."""

    document: Document
    program: Program

    @cached_property
    def space(self) -> Space:
        return Space(self.program)

    @cached_property
    def _nodes(self) -> dict[str, list[Node]]:
        """By their names and those of ports that are bound to them, both without indices."""
        found: dict[str, list[Node]] = defaultdict(list)
        for node in self.space.widest.nodes.values():
            for name in (node.name, *node.aliases):
                found[_INDEX.sub("", name)].append(node)
        return found

    @cached_property
    def incoming(self) -> dict[str, list[Edge]]:
        return _grouped(self.space.widest.edges, "target")

    @cached_property
    def outgoing(self) -> dict[str, list[Edge]]:
        return _grouped(self.space.widest.edges, "source")

    @cached_property
    def _statements(self) -> dict[tuple[str | None, str], list[Edge]]:
        """Edges by the block and the words of the statement that they are of."""
        found: dict[tuple[str | None, str], list[Edge]] = defaultdict(list)
        places = sorted(_edge_statements(self.document.recovered.statements), key=lambda p: p[0])
        starts = [start for start, *_ in places]
        for edge in self.program.edges:
            if edge.span and edge.span.source is self.document.source:
                index = bisect_right(starts, edge.span.start) - 1
                if index >= 0 and edge.span.start <= places[index][1]:
                    found[places[index][2]].append(edge)
        return found

    def sized(self, symbol: Symbol, instances: Sequence[Symbol]) -> list[Node]:
        """Those whose size a choice of the text decides, in each instance of its block."""
        called = {symbol.name} if symbol.home is None else {*_within(symbol, instances)}
        nodes = self.space.widest.nodes.values()
        return [n for n in nodes if n.sizes and _INDEX.sub("", n.sizes.choice) in called]

    def applied(self, node: Node) -> list[Pipeline]:
        """What it applies, for each of its sizes."""
        entry = f"{node.name}.merge"
        found = (edge.candidates for edge in self.program.edges if edge.source == entry)
        return [candidate for candidates in found for candidate in candidates]

    def nodes(self, symbol: Symbol, instances: Sequence[Symbol]) -> list[Node]:
        """What a node of the text is, in each instance of its block."""
        if symbol.home is None:
            return self._nodes.get(symbol.name, [])
        names = _within(symbol, instances)
        return [node for name in names for node in self._nodes.get(name, [])]

    def edges(self, statement: s.EdgeStatement, block: str | None) -> list[Edge]:
        """Those that a statement makes, in all instances of its block."""
        return self._statements.get((block, words(statement)), [])


def _within(symbol: Symbol, instances: Sequence[Symbol]) -> list[str]:
    """What something in a block is called in each of its instances, without indices."""
    home = symbol.home.name if symbol.home else None
    return [f"{i.name}.{symbol.name}" for i in instances if home in i.blocks]


def words(statement: s.EdgeStatement) -> str:
    """A statement however it is laid out."""
    return " ".join(statement.span.text.split())


def instances(document: Document) -> list[Symbol]:
    return [s for s in document.names.scope.own.values() if s.kind == symbols.INSTANCE]


def _grouped(edges: Sequence[Edge], end: str) -> dict[str, list[Edge]]:
    found: dict[str, list[Edge]] = defaultdict(list)
    for edge in edges:
        found[getattr(edge, end)].append(edge)
    return found


def _edge_statements(
    statements: Sequence, block: str | None = None
) -> list[tuple[int, int, tuple[str | None, str]]]:
    """Where each begins and ends, its block and its words."""
    return [
        (st.span.start, st.span.end, (block, words(st)))
        for st, block in edge_statements(statements, block)
    ]


def edge_statements(
    statements: Sequence, block: str | None = None
) -> list[tuple[s.EdgeStatement, str | None]]:
    """Those of a text, wherever they are, each with its block."""
    found: list[tuple[s.EdgeStatement, str | None]] = []
    for statement in statements:
        match statement:
            case s.EdgeStatement():
                found.append((statement, block))
            case s.BlockDef():
                found += edge_statements(statement.items, statement.name.text)
            case s.For():
                found += edge_statements(statement.items, block)
            case s.If():
                for _, items in statement.branches:
                    found += edge_statements(items, block)
                found += edge_statements(statement.otherwise, block)
    return found
