"""Symbols in words, as Markdown: what a hover shows, and what stands beside a completion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from autorecon.graph.draw.labels import size_text
from autorecon.lang import Edge, Node, Pipeline, show_shape, show_value
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.operations.merges import MERGES
from autorecon.lang.program.measures import node_costs
from autorecon.lang.program.sizes import show_sized
from autorecon.lang.syntax import tree as s
from autorecon.lang.wording import plural, some
from autorecon.lsp.knowledge import Knowledge, edge_statements, instances
from autorecon.lsp.names import symbols
from autorecon.lsp.names.symbols import Symbol
from autorecon.lsp.view import View

MAX_ROWS = 8  # of a table
_MAX_LINES = 12  # of a declaration


def describe(view: View, symbol: Symbol, offset: int | None = None) -> list[str]:
    """Paragraphs; `offset` is where the symbol is named, which may say more."""
    parts = [code(written(symbol))] if not symbol.is_built_in else []
    knowledge = view.knowledge
    if symbol.is_built_in:
        parts += operation(symbol)
    if symbol.kind == symbols.FUNCTION:
        parts += [code(FUNCTIONS[symbol.name].form), FUNCTIONS[symbol.name].about]
    if knowledge is None:
        return parts
    if symbol.kind == symbols.NODE:
        parts += _node(knowledge.nodes(symbol, instances(view.document)), knowledge)
    elif symbol.kind == symbols.PARAMETER and symbol.home is None:
        value = knowledge.program.parameters.get(symbol.name)
        parts += [] if value is None else [f"is {show_value(value)}"]
    elif symbol.kind == symbols.INSTANCE:
        parts += _instance(symbol, knowledge)
    elif symbol.kind == symbols.EDGE_TYPE:
        edges = [e for e in knowledge.program.edges if e.type == symbol.name]
        parts += _edges(_of_statement(view, offset) or edges)
    elif symbol.is_size:
        parts += _node(knowledge.sized(symbol, instances(view.document)), knowledge)
    elif symbol.kind in (symbols.OPERATION, symbols.CHOICE):
        parts += _candidates(symbol, _of_statement(view, offset) or knowledge.program.edges)
    return parts


def written(symbol: Symbol) -> str:
    """The declaration, as the text has it."""
    statement = symbol.statement
    if isinstance(statement, s.For):
        return f"for {symbol.name} in {statement.first.span.text}..{statement.last.span.text}"
    lines = statement.span.text.splitlines()
    return "\n".join([*lines[:_MAX_LINES], *["..."] * (len(lines) > _MAX_LINES)])


def code(text: str) -> str:
    return f"```space\n{text}\n```"


def operation(symbol: Symbol) -> list[str]:
    """What an operation or merge of the catalogue is, or a user's own."""
    known = OPERATIONS if symbol.kind == symbols.OPERATION else MERGES
    spec = known.get(symbol.name)
    return [code(spec.text), spec.about] if spec else []


def _of_statement(view: View, offset: int | None) -> list[Edge]:
    """The edges of the statement around an offset."""
    if offset is None or view.knowledge is None:
        return []
    for statement, block in edge_statements(view.document.recovered.statements):
        if statement.span.start <= offset <= statement.span.end:
            return view.knowledge.edges(statement, block)
    return []


def _node(nodes: Sequence[Node], knowledge: Knowledge) -> list[str]:
    rows = [
        (
            f"`{node.name}`",
            show_sized(node.shape, node.sizes),
            node.role if node.role != "inner" else node.merge.text,
            str(len(knowledge.incoming.get(node.name, ()))),
            str(len(knowledge.outgoing.get(node.name, ()))),
            *_node_costs(node, knowledge),
        )
        for node in nodes
    ]
    return table(("node", "shape", "is", "in", "out", "weights", "MACs"), rows)


def _node_costs(node: Node, knowledge: Knowledge) -> list[str]:
    if node.sizes is None:
        return [size_text(cost) for cost in node_costs(node)[:2]]
    applied = knowledge.applied(node)
    return [_extent(c.parameters for c in applied), _extent(c.macs for c in applied)]


def _instance(symbol: Symbol, knowledge: Knowledge) -> list[str]:
    names = [i for i in knowledge.program.written.instances if i.partition("[")[0] == symbol.name]
    counts = []
    for name in names[:MAX_ROWS]:
        nodes = [n for n in knowledge.space.widest.nodes.values() if n.block == name]
        edges = [e for e in knowledge.space.widest.edges if e.block == name]
        counts.append(f"`{name}`: {plural(len(nodes), 'node')}, {plural(len(edges), 'edge')}")
    return ["  \n".join(counts)] if counts else []


def _edges(edges: Sequence[Edge]) -> list[str]:
    if not edges:
        return []
    candidates = list(dict.fromkeys(c.text for e in edges for c in e.candidates))
    head = f"{plural(len(edges), 'edge')}: {some([f'`{e.text}`' for e in edges], 4)}"
    rows = [row for text in candidates for row in _row(text, edges)]
    return [head, *table(("candidate", "weights", "MACs"), rows)]


def _row(text: str, edges: Iterable[Edge]) -> list[tuple[str, str, str]]:
    """A candidate with its costs over all edges that have it."""
    found = [c for e in edges for c in e.candidates if c.text == text]
    return [(f"`{text}`", _extent(c.parameters for c in found), _extent(c.macs for c in found))]


def _candidates(symbol: Symbol, edges: Iterable[Edge]) -> list[str]:
    """Those of some edges that an operation is part of; of a definition nobody keeps that."""
    if not symbol.is_built_in:
        return []
    found = [(e, c) for e in edges for c in e.candidates if _has(c, symbol.name)]
    texts = dict.fromkeys(c.text for _, c in found)
    rows = [(*row, _shapes(text, found)) for text in texts for row in _row(text, edges)]
    return table(("candidate", "weights", "MACs", "shapes"), rows)


def _has(candidate: Pipeline, name: str) -> bool:
    return any(op.name == name for op in candidate.ops)


def _shapes(text: str, found: Iterable[tuple[Edge, Pipeline]]) -> str:
    ends = (
        f"{show_shape(c.steps[0].before)} to {show_shape(c.steps[-1].after)}"
        for _, c in found
        if c.text == text and c.steps
    )
    return some(list(dict.fromkeys(ends)), 3)


def _extent(numbers: Iterable[int]) -> str:
    known = list(numbers)
    low, high = min(known), max(known)
    return size_text(low) if low == high else f"{size_text(low)} to {size_text(high)}"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """One paragraph, or none where there are no rows."""
    if not rows:
        return []
    lines = ["|".join(head), "|".join(["---"] * len(head))]
    lines += ["|".join(cell.replace("|", "\\|") for cell in row) for row in rows[:MAX_ROWS]]
    more = [f"and {len(rows) - MAX_ROWS:,} more"] if len(rows) > MAX_ROWS else []
    return ["\n".join(f"| {line} |" for line in lines), *more]
