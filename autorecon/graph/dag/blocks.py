"""Block instances of a draft: what is in each, what its ports are bound to, and their order."""

from __future__ import annotations

import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

import attrs

from autorecon.graph.dag.draft import Draft, DraftEdge, DraftNode


@attrs.define
class Block:
    """One instance, of a block of its own, which is called `name`."""

    name: str
    after: tuple[str, ...]
    # Bound ports, with what they are bound to.
    bound: list[tuple[str, DraftNode]] = attrs.field(factory=list)
    # Those of them that it hands on.
    passed: list[str] = attrs.field(factory=list)
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
            found[alias.partition(".")[0]].bound.append((alias, node))
    for instance in _behind(found, found):
        _bind(draft, found, instance)
    for edge in draft.edges:
        if edge.block:
            found[edge.block].edges.append(edge)
    return found


def _instances(draft: Draft) -> dict[str, tuple[str, ...]]:
    """Those that the graph declares, then those that something else of it names."""
    declared = draft.said.get("instances", {})
    choices = (name.rpartition(".")[0] for name in draft.said.get("choices", {}))
    nodes, edges = (n.block for n in draft.nodes.values()), (e.block for e in draft.edges)
    named = filter(None, (*declared, *nodes, *edges, *choices))
    found: dict[str, tuple[str, ...]] = dict.fromkeys(named, ())
    for node in draft.nodes.values():
        for alias in node.aliases:
            instance = alias.partition(".")[0]
            before = found.get(instance, ())
            if node.block and node.block not in before:
                found[instance] = (*before, node.block)
    return found | declared


def _bind(draft: Draft, found: Mapping[str, Block], instance: str) -> None:
    """Puts its ports into the order of those that they are bound to."""
    block = found[instance]
    places: dict[str, tuple[int, int]] = {}
    for alias, node in block.bound:
        ways = (way for way in _ways(found, block, node) if way not in places.values())
        if (place := next(ways, None)) is None:
            said = " and ".join(f"`{one}`" for one in block.after) or "none"
            message = f"`{alias}` is bound to `{node.name}`, but `{instance}` comes after {said}"
            help = "its ports are those of the blocks before; see `instances` of the graph"
            draft.report("E1002", message, f"node {node.name}", help)
            return
        places[alias] = place
        before = found[block.after[place[0]]]
        if place[1] < 0 and (port := _port_of(before, node)) not in before.passed:
            before.passed.append(port)
    block.bound.sort(key=lambda port: places[port[0]])


def _ways(found: Mapping[str, Block], block: Block, node: DraftNode) -> Iterator[tuple[int, int]]:
    """By which of the instances before it a port gets at a node, and at which place among the ports
    of that: its own node, or before all of those a port that it hands on."""
    for index, name in enumerate(block.after):
        before = found.get(name)
        if before is None:
            continue
        if node.block == name:
            yield index, before.nodes.index(node)
        elif any(bound is node for _, bound in before.bound):
            yield index, [b is node for _, b in before.bound].index(True) - len(before.bound)


def _port_of(block: Block, node: DraftNode) -> str:
    return next(alias for alias, bound in block.bound if bound is node)


def in_order(draft: Draft, found: Mapping[str, Block]) -> list[str]:
    """Names of nodes outside of blocks and of instances, as the text declares them: an instance
    where its first node stands, but behind those that it comes after.

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
    """The same with every instance behind those that it comes after."""
    placed: dict[str, None] = {}
    for item in order:
        waiting, opened = [item], set[str]()
        while waiting:
            opened.add(waiting[-1])
            after = found[waiting[-1]].after if waiting[-1] in found else ()
            before = (a for a in after if a in found and a not in placed and a not in opened)
            if (first := next(before, None)) is not None:
                waiting.append(first)
            else:
                placed.setdefault(waiting.pop())
    return [*placed]
