"""Which node and edge of one space is which of another."""

from __future__ import annotations

from collections.abc import Mapping

from autorecon.graph.space import Space
from autorecon.lang import Edge

EdgePair = tuple[Edge | None, Edge | None]


def counterparts(old: Space, new: Space) -> dict[str, str]:
    """Nodes of `new` by those of `old`: of the same name, or the one whose port has that name."""
    found = {name: name for name in old.nodes if name in new.nodes}
    spare = [node for node in new.nodes.values() if node.name not in found]
    by_port = {port: node.name for node in spare for port in (node.name, *node.aliases)}
    taken = set(found)
    for node in old.nodes.values():
        ports = (by_port.get(port) for port in (node.name, *node.aliases))
        match = next((m for m in ports if m and m not in taken), None)
        if node.name not in found and match:
            found[node.name] = match
            taken.add(match)
    return found


def edge_pairs(old: Space, new: Space, nodes: Mapping[str, str]) -> list[EdgePair]:
    """Edges between the same nodes; else those written alike, as a port that only one side binds.

    The old ones in their order, then those that only `new` has.
    """
    by_ends = {(e.source, e.target): e for e in new.edges}
    partners = [(e, by_ends.pop(_ends(e, nodes), None)) for e in old.edges]
    by_text = {e.text: e for e in by_ends.values()}
    pairs: list[EdgePair] = [
        (edge, match or by_text.pop(edge.text, None)) for edge, match in partners
    ]
    matched = {id(match) for _, match in pairs if match}
    return pairs + [(None, edge) for edge in new.edges if id(edge) not in matched]


def _ends(edge: Edge, nodes: Mapping[str, str]) -> tuple[str, str]:
    return nodes.get(edge.source, ""), nodes.get(edge.target, "")


def reordered(pairs: list[EdgePair], new: Space) -> bool:
    """Whether the edges that both have stand in another order."""
    place = {id(edge): index for index, edge in enumerate(new.edges)}
    places = [place[id(b)] for a, b in pairs if a and b]
    return places != sorted(places)
