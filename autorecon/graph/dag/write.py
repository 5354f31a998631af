"""A draft -> lines of a `.space` text, each with what of the graph it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import attrs

from autorecon.graph.dag.attributes import PATH, is_name
from autorecon.graph.dag.blocks import Block, blocks, in_order
from autorecon.graph.dag.draft import Draft, DraftEdge, DraftNode
from autorecon.lang import did_you_mean, show_value
from autorecon.lang.program.nodes import INPUTS

Line = tuple[str, str]
_GAP = ("", "the graph")


@attrs.frozen
class _Type:
    contract: str | None
    candidates: tuple[str, ...]


_Types = Mapping[str, _Type]


def lines(draft: Draft) -> Iterator[Line]:
    """The text, after reporting what of the graph has no place in it."""
    found, types = blocks(draft), _types(draft)
    yield _header(draft), "the graph"
    yield _GAP
    for name, kind in types.items():
        contract = f" {kind.contract}" if kind.contract else ""
        yield f"edge {name}{contract} = {_options(kind.candidates)}", f"edge type {name}"
    yield from _section(_choices(draft))
    for instance, block in found.items():
        yield from _block(draft, instance, block, types)
    yield from _section(_declarations(draft, found))
    yield from _section(_edge(edge, types) for edge in draft.edges if not edge.block)
    yield from _section(_shares(draft))
    for key in ("rules", "limits"):
        for index, text in enumerate(draft.said.get(key, ())):
            yield text, f"{key}[{index}]"
    yield _GAP


def _section(some: Iterable[Line]) -> Iterator[Line]:
    yield _GAP
    yield from some
    yield _GAP


def _header(draft: Draft) -> str:
    given = draft.said.get("parameters", {})
    shown = ", ".join(f"{name} = {show_value(value)}" for name, value in given.items())
    return f"space {draft.name}({shown})" if shown else f"space {draft.name}"


def _options(texts: Iterable[str]) -> str:
    return " | ".join(texts)


def _choices(draft: Draft, instance: str = "") -> Iterator[Line]:
    for name, options in draft.said.get("choices", {}).items():
        within, _, local = name.rpartition(".")
        if within == instance:
            word = " apart" if name in draft.said.get("apart", ()) else ""
            yield f"choice {local}{word} = {_options(options)}", f"choice {name}"


def _types(draft: Draft) -> dict[str, _Type]:
    """Those that the graph declares, and those that its edges have without: as the first edge has
    it, but for choices of its block, which no type can name."""
    declared = draft.said.get("edge_types", {})
    contracts = {name: kind.get("contract") for name, kind in declared.items()} | {"link": None}
    found = {name: kind.get("candidates") for name, kind in declared.items()}
    named = any("." in choice for choice in draft.said.get("choices", {}))
    for edge in draft.edges:
        if edge.contract and contracts.setdefault(edge.type, edge.contract) != edge.contract:
            of_type = contracts[edge.type]
            said = f"is `{of_type}`" if of_type else "has none"
            message = f"the contract is `{edge.contract}`, but its type `{edge.type}` {said}"
            help = "give all edges of a type one contract; a `link` has none"
            draft.report("E1002", message, f"edge {edge.name}", help)
        if edge.type != "link" and not found.get(edge.type):
            found[edge.type] = ("identity",) if named else edge.candidates
    return {name: _Type(contracts.get(name), some) for name, some in found.items() if some}


def _block(draft: Draft, instance: str, block: Block, types: _Types) -> Iterator[Line]:
    inside, place = f"{instance}.", f"block {instance}"
    yield f"block {block.name} {{", place
    yield from _choices(draft, instance)
    for alias, node in block.bound:
        yield _node(DraftNode(alias, node.shape, node.size), alias.removeprefix(inside), "in")
    for alias, node in block.bound:
        if alias in block.passed:
            yield _node(DraftNode(alias, node.shape, node.size), alias.removeprefix(inside), "out")
    for node in block.nodes:
        word = "out" if node.aliases else "node"
        yield _node(node, node.name.removeprefix(inside), word)
    yield _GAP
    for edge in block.edges:
        yield _edge(edge, types)
    yield "}", place


def _declarations(draft: Draft, found: Mapping[str, Block]) -> Iterator[Line]:
    for name in in_order(draft, found):
        if block := found.get(name):
            after = f" after {', '.join(block.after)}" if block.after else ""
            yield f"{name} = {block.name}{after}", f"block {name}"
        else:
            yield _node(draft.nodes[name], name, "node")


def _node(node: DraftNode, local: str, word: str) -> Line:
    shape = (*node.size, *node.shape[len(node.size) :])
    sizes, place = ", ".join(map(str, shape)), f"node {node.name}"
    if node.role == "label":
        return f"input {local}: label({sizes})", place
    if node.role in INPUTS:
        return f"input {local} [{sizes}]: {node.role}", place
    merge = f" merge {node.merge}" if node.merge != "sum" else ""
    then = f" then {node.then}" if node.then else ""
    word = "output" if node.role == "output" else word
    return f"{word} {local} [{sizes}]{merge}{then}", place


def _edge(edge: DraftEdge, types: _Types) -> Line:
    inside = f"{edge.block}." if edge.block else ""
    source, target = (end.removeprefix(inside) for end in edge.written)
    of_type = types[edge.type].candidates if edge.type in types else None
    own = edge.candidates if edge.candidates != of_type else None
    options = f" = {_options(own)}" if own else ""
    return f"{edge.type} {source} -> {target}{options}", f"edge {edge.name}"


def _shares(draft: Draft) -> Iterator[Line]:
    known = _written_ends(draft)
    for index, (kind, names) in enumerate(draft.said.get("shares", ())):
        place = f"shares[{index}]"
        for name in names:
            if name not in known and not is_name(name, PATH):
                help = did_you_mean(name, (key for key in known if isinstance(key, str)))
                draft.report("E0901", f"there is no edge `{name}`", place, help)
        yield f"share {kind} {', '.join(known.get(name, name) for name in names)}", place


def _written_ends(draft: Draft) -> dict[Any, str]:
    """Of edges by their keys and, where these are other things, by their names."""
    shown = {edge: " -> ".join(edge.written) for edge in draft.edges}
    by_name = {edge.name: text for edge, text in shown.items()}
    return by_name | {edge.key: text for edge, text in shown.items()}
