"""Edges, and the candidates that they choose from."""

from __future__ import annotations

from itertools import product

from autorecon.lang.elaborate.candidate_sets import Candidates, alternatives, of_type, with_none
from autorecon.lang.elaborate.expressions import Scope
from autorecon.lang.elaborate.state import MAX_EDGES, Elaboration, TooLarge, Values
from autorecon.lang.program.edges import Edge
from autorecon.lang.syntax import tree as s

CONTRACTS = ("keeps", "enlarges", "bridges")


def add_edge_type(program: Elaboration, statement: s.EdgeType) -> None:
    contract = statement.contract
    if contract and contract.text not in CONTRACTS:
        message = f"unknown contract `{contract.text}`"
        program.faults.unknown("E0207", message, contract.span, contract.text, CONTRACTS)
    of_type(program, statement)


def add_edges(
    program: Elaboration, statement: s.EdgeStatement, scope: Values, block: str | None
) -> None:
    """All pairs of a statement's ends."""
    kind = statement.type.text
    declared = program.declared.edge_types.get(kind)
    unknown = declared is None and kind != "link"
    if unknown and not program.faults.again("E0203", kind, statement.type.span):
        program.faults.unknown(
            "E0203",
            f"unknown edge type `{kind}`",
            statement.type.span,
            kind,
            [*program.declared.edge_types, "link"],
        )
    candidates = _candidates(program, statement, declared, scope)
    contract = declared.contract.text if declared and declared.contract else None
    sources = [find_node(program, path, scope, block) for path in statement.sources]
    targets = [find_node(program, path, scope, block) for path in statement.targets]
    if candidates is None:
        program.lacks_edges = True
        return
    if statement.optional:
        candidates = with_none(program, statement, candidates)
    for (path, source, start), (other, target, end) in product(sources, targets):
        if start is None or end is None:
            continue
        if len(program.edges) == MAX_EDGES:
            raise TooLarge(f"{MAX_EDGES:,} edges", statement.span)
        span = path.span.to(other.span) if path.span.start < other.span.start else statement.span
        written, end = (source, target), program.entries.get(end, end)
        edge = Edge(start, end, written, kind, contract, candidates, block, span=span)
        program.edges.append(edge)


def _candidates(
    program: Elaboration,
    statement: s.EdgeStatement,
    declared: s.EdgeType | None,
    scope: Values,
) -> Candidates | None:
    if statement.candidates:
        return alternatives(program, statement.candidates, scope)
    if declared:
        return of_type(program, declared)
    if statement.type.text == "link":
        help = "write `link a -> b = conv(3)`"
        program.faults.report("E0302", "a link says what it computes", statement.span, help)
    return None


def find_node(
    program: Elaboration, path: s.Path, scope: Scope, block: str | None
) -> tuple[s.Path, str, str | None]:
    """How a node is called here, and the node itself, through aliases; None when unknown."""
    name = program.path(path, scope)
    if name is None:
        return path, path.text, None
    full = f"{block}.{name}" if block else name
    node = program.aliases.get(full, full)
    broken = program.is_broken(full)
    if node in program.nodes and not broken:
        return path, full, node
    if not broken and name.partition(".")[0] in program.declared.blocks:
        _report_template(program, name, path)
    elif not broken and not program.faults.again("E0204", full, path.span):
        prefix = f"{block}." if block else ""
        hidden = set(program.entries.values())
        known = [n for n in (*program.nodes, *program.aliases) if n not in hidden]
        program.faults.unknown(
            "E0204",
            f"unknown node `{name}`",
            path.span,
            name,
            [n.removeprefix(prefix) for n in known if n.startswith(prefix)],
        )
    return path, full, None


def _report_template(program: Elaboration, name: str, path: s.Path) -> None:
    """A block's name where an instance's is needed."""
    block, _, node = name.partition(".")
    if not program.faults.again("E0204", block, path.span):
        help = f"write `A = {block}` above, with its arguments, and `A.{node or 'NODE'}` here"
        message = f"`{block}` is a block, which has nodes in each of its instances"
        program.faults.report("E0204", message, path.span, help)
