"""Block instances of a draft: what is in each, what its ports are bound to, and their order."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from itertools import accumulate

import attrs

from autorecon.graph.dag.draft import Draft, DraftEdge, DraftNode


@attrs.define
class Block:
    """One instance, of a block of its own, which is called `name`."""

    name: str
    after: str | None
    # Bound ports, with what they are bound to.
    bound: list[tuple[str, DraftNode]] = attrs.field(factory=list)
    nodes: list[DraftNode] = attrs.field(factory=list)
    edges: list[DraftEdge] = attrs.field(factory=list)


def blocks(draft: Draft) -> dict[str, Block]:
    """By their instances' names, after reporting ports that are bound to two blocks."""
    found: dict[str, Block] = {}
    names: set[str] = set()
    for instance, after in _instances(draft).items():
        name = re.sub(r"\W", "_", instance.rstrip("]"))
        while name in names:
            name += "_"
        names.add(name)
        found[instance] = Block(name, after)
        if instance in draft.nodes:
            draft.report("E0206", f"`{instance}` is a node too", f"block {instance}", "rename one")
    for node in draft.nodes.values():
        if node.block:
            found[node.block].nodes.append(node)
        for alias in node.aliases:
            _bind(draft, found, alias, node)
    for edge in draft.edges:
        if edge.block:
            found[edge.block].edges.append(edge)
    return found


def _instances(draft: Draft) -> dict[str, str | None]:
    """Those that the graph declares, then those that something else of it names."""
    declared = draft.said.get("instances", {})
    choices = (name.rpartition(".")[0] for name in draft.said.get("choices", {}))
    nodes, edges = (n.block for n in draft.nodes.values()), (e.block for e in draft.edges)
    named = filter(None, (*declared, *nodes, *edges, *choices))
    found: dict[str, str | None] = dict.fromkeys(named)
    for node in draft.nodes.values():
        for alias in node.aliases:
            instance = alias.partition(".")[0]
            found[instance] = found.get(instance) or node.block
    return found | declared


def _bind(draft: Draft, found: Mapping[str, Block], alias: str, node: DraftNode) -> None:
    instance = alias.partition(".")[0]
    block = found[instance]
    block.bound.append((alias, node))
    if block.after != node.block:
        said = f"`{block.after}`" if block.after else "none"
        message = f"`{alias}` is bound to `{node.name}`, but `{instance}` comes after {said}"
        help = "its ports are those of one block; see `instances` of the graph"
        draft.report("E1002", message, f"node {node.name}", help)


def in_order(draft: Draft, found: Mapping[str, Block]) -> list[str]:
    """Names of nodes outside of blocks and of instances, as the text declares them: an instance
    where its first node stands, but behind the one that it comes after.

    One without nodes stands behind those above it, and behind what has edges before its own.
    """
    order = [*dict.fromkeys(node.block or node.name for node in draft.nodes.values())]
    ranks = {item: place for place, item in enumerate(order)}
    firsts = [draft.first.get(item, math.inf) for item in reversed(order)]
    earliest = [*accumulate(firsts, min)][::-1]  # of an item and all behind it
    above = -1
    for instance in found:
        if instance not in ranks:
            own = draft.first.get(instance, -1)
            ranks[instance] = max(above, bisect_left(earliest, own) - 1)
        above = max(above, ranks[instance])
    return _behind(sorted(ranks, key=ranks.__getitem__), found)


def _behind(order: Iterable[str], found: Mapping[str, Block]) -> list[str]:
    """The same with every instance behind the one that it comes after."""
    placed: dict[str, None] = {}
    for item in order:
        chain: dict[str, None] = {}
        waiting: str | None = item
        while waiting and waiting not in placed and waiting not in chain:
            chain[waiting] = None
            after = found[waiting].after if waiting in found else None
            waiting = after if after in found else None
        placed |= dict.fromkeys(reversed(chain))
    return [*placed]
