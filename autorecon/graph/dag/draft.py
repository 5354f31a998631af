"""A graph that a user built or changed, read: what is to be written as a `.space` text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import product
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.graph.dag.attributes import (
    EDGE,
    GRAPH,
    NODE,
    PATH,
    at,
    is_name,
    read_attributes,
    shown,
)
from autorecon.graph.dag.texts import Texts
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.program.nodes import INPUTS

if TYPE_CHECKING:
    import networkx

# The name of what a node merges whose `then` depends on a choice, behind the node's own.
ENTRY = ".merge"


@attrs.frozen
class DraftNode:
    name: str
    shape: tuple[int, ...] = ()
    size: tuple[str, ...] = ()  # expressions of the first sizes
    role: str = "inner"
    block: str | None = None
    merge: str = "sum"
    then: str | None = None
    aliases: tuple[str, ...] = ()


@attrs.frozen
class DraftEdge:
    """`written` are its ends as the text calls them, by the name of a node or of a bound port."""

    source: str
    target: str
    written: tuple[str, str]
    key: Any = None
    type: str = "link"
    contract: str | None = None
    candidates: tuple[str, ...] | None = None
    block: str | None = None
    place: float | None = None

    @property
    def name(self) -> str:
        return _names(self.written, f"{self.block}." if self.block else "")[0]


@attrs.define
class Draft:
    """All that a text of the graph says; what is wrong with the graph is reported to `faults`."""

    faults: Diagnostics
    name: str = "graph"
    # Attributes of the graph itself.
    said: dict[str, Any] = attrs.field(factory=dict)
    nodes: dict[str, DraftNode] = attrs.field(factory=dict)
    edges: list[DraftEdge] = attrs.field(factory=list)
    # The place of the first edge of each block instance, and of each node whose `then` is an edge.
    first: dict[str, int] = attrs.field(factory=dict)

    def report(self, code: str, message: str, place: str, help: str | None = None) -> None:
        self.faults.report(code, message, at(place), help)


def read_graph(graph: networkx.DiGraph, faults: Diagnostics) -> Draft:
    """What a directed graph says with the attributes that `build_graph` documents."""
    draft = Draft(faults)
    draft.said = read_attributes(graph.graph, GRAPH, "the graph", faults)
    draft.name = draft.said.get("name", draft.name)
    sound = [name for name, given in graph.nodes(data=True) if _add_node(draft, name, given)]
    ports = {port: node.name for node in draft.nodes.values() for port in node.aliases}
    for name in sound:
        for code, message, help in _misfits(draft.nodes[name], ports):
            draft.report(code, message, f"node {name}", help)
    draft.edges += _edges(draft, graph)
    draft.edges.sort(key=lambda edge: (edge.place is None, edge.place or 0))
    _read_texts(draft)
    _join_entries(draft)
    return draft


def _add_node(draft: Draft, name: Any, given: Mapping[Any, Any]) -> bool:
    """Whether nothing is wrong with its name and with each attribute by itself."""
    named = isinstance(name, str) and is_name(name.removesuffix(ENTRY), PATH)
    place, known = f"node {name if named else shown(name)}", len(draft.faults.found)
    found = read_attributes(given, NODE, place, draft.faults)
    if not named:
        help = "write `a` or `h[2]`, and `B1.a` in a block; words of the language are no names"
        draft.report("E1002", f"{shown(name)} is no name of a node", place, help)
        return False
    draft.nodes[name] = DraftNode(name, **found)
    return len(draft.faults.found) == known


def _misfits(node: DraftNode, ports: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """What is missing or does not go together: a code, a message, and what to do about it."""
    name, (block, _, local) = node.name, node.name.removesuffix(ENTRY).rpartition(".")
    if name in ports:
        help = f"lead edges to `{ports[name]}`, and remove it"
        yield "E1002", f"`{name}` is a port that is bound to `{ports[name]}`", help
        return
    if not node.shape:
        help = f'`add_node("{name}", shape=(8,))` has a vector, `shape=(3, 8, 8)` feature maps'
        yield "E1001", f"`{name}` has no `shape`", help
    if block and not node.block:
        yield "E1002", f"`{name}` has a dot, but is in no block", f'give it `block="{block}"`'
    elif block != (node.block or ""):
        help = f"call it `{node.block}.{local}`, or leave its block out"
        yield "E1002", f"`{name}` is in block `{node.block}`", help
    if node.role != "inner" and node.block:
        yield "E1002", f"`{name}` is `{node.role}` in a block", "inputs and the output are in none"
    if node.role in INPUTS and (node.merge != "sum" or node.then):
        help = "do so in a node behind it"
        yield "E1002", f"the input `{name}` merges or applies something", help
    if len(node.size) not in (0, 1, len(node.shape)):
        message = f"`{name}` has {len(node.size)} expressions of {len(node.shape)} sizes"
        yield "E1001", message, "give one of the first, or one of each"
    if node.aliases and not node.block:
        help = "a port of another block is bound to a node of a block"
        yield "E1002", f"`{name}` has aliases, but is in no block", help


def _edges(draft: Draft, graph: networkx.DiGraph) -> Iterator[DraftEdge]:
    """Those between nodes that have names."""
    plain = ((source, target, None, given) for source, target, given in graph.edges(data=True))
    found = graph.edges(keys=True, data=True) if graph.is_multigraph() else plain
    for source, target, key, given in found:
        if source in draft.nodes and target in draft.nodes:
            yield _edge(draft, source, target, key, given)


def _edge(draft: Draft, source: str, target: str, key: Any, given: Mapping[Any, Any]) -> DraftEdge:
    block = given.get("block")
    written = _ends(draft, source, target, key, f"{block}." if isinstance(block, str) else "")
    edge = DraftEdge(source, target, written or (source, target), key)
    found = read_attributes(given, EDGE, f"edge {edge.name}", draft.faults)
    if not written and "block" in found:
        message = f"`{source} -> {target}` does not lie in block `{block}`"
        help = "leave its block out: edges between blocks are in none"
        draft.report("E1002", message, f"edge {edge.name}", help)
    return attrs.evolve(edge, **found)


def _ends(draft: Draft, source: str, target: str, key: Any, inside: str) -> tuple[str, str] | None:
    """How the text calls the ends: as the edge's key has it, if that is a name of this edge."""
    sources = _known_as(draft, source, inside)
    targets = _known_as(draft, target.removesuffix(ENTRY), inside)
    known = list(product(sources, targets))
    named = (pair for pair in known if key in _names(pair, inside))
    return next(named, known[0] if known else None)


def _known_as(draft: Draft, end: str, inside: str) -> list[str]:
    """A node's name and aliases, as far as they are in a block."""
    node = draft.nodes.get(end)
    return [name for name in (end, *(node.aliases if node else ())) if name.startswith(inside)]


def _names(written: tuple[str, str], inside: str) -> tuple[str, str]:
    """The short one and the one in full."""
    source, target = written
    return f"{source}->{target.removeprefix(inside)}", f"{source}->{target}"


def _read_texts(draft: Draft) -> None:
    texts, said = Texts(draft.faults), draft.said
    for name, kind in said.get("edge_types", {}).items():
        texts.pipelines(kind.get("candidates", ()), f"edge type {name}")
    for name, options in said.get("choices", {}).items():
        texts.pipelines((o for o in options if not o.isdecimal()), f"choice {name}")
    for node in draft.nodes.values():
        texts.pipelines((node.then,) if node.then else (), f"node {node.name}")
        texts.expressions(node.size, f"node {node.name}")
        texts.merge(node.merge, f"node {node.name}")
    for edge in draft.edges:
        texts.pipelines(edge.candidates or (), f"edge {edge.name}")
    texts.statements(said.get("rules", ()), "rule")
    texts.statements(said.get("limits", ()), "limit")


def _join_entries(draft: Draft) -> None:
    """A node whose `then` depends on a choice is two in a graph, and one in its text."""
    leaving: dict[str, list[DraftEdge]] = defaultdict(list)
    for place, edge in enumerate(draft.edges):
        applied = edge.source.endswith(ENTRY)
        if applied:
            leaving[edge.source].append(edge)
        if applied or edge.block:
            draft.first.setdefault(edge.block or edge.target, place)
    entries = [name for name in draft.nodes if name.endswith(ENTRY)]
    joined = {name: _joined(draft, name, leaving[name]) for name in entries}
    named = {node.name for node in joined.values()}
    nodes = (joined.get(name, node) for name, node in draft.nodes.items() if name not in named)
    draft.nodes = {node.name: node for node in nodes}
    draft.edges = [
        attrs.evolve(edge, target=edge.target.removesuffix(ENTRY))
        for edge in draft.edges
        if edge.source not in joined
    ]


def _joined(draft: Draft, entry: str, leaving: list[DraftEdge]) -> DraftNode:
    name = entry.removesuffix(ENTRY)
    node = draft.nodes.get(name, DraftNode(name))
    alone = [(edge.target, edge.type) for edge in leaving] == [(name, "link")]
    applied = leaving[0].candidates or () if alone else ()
    if len(applied) == 1 and not node.then:
        return attrs.evolve(node, merge=draft.nodes[entry].merge, then=applied[0])
    message = f"`{entry}` does not stand for what `{name}` merges"
    help = f"rename it, or lead one edge with one candidate from it to `{name}` without `then`"
    draft.report("E1002", message, f"node {entry}", help)
    return node
