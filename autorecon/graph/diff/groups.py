"""Changes that are alike, told once: by the type of the edges where all of them changed so."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

import attrs

from autorecon.graph.diff.diff import Difference, EdgeChange, NodeChange

T = TypeVar("T")


@attrs.frozen
class EdgeGroup:
    """Edges that changed alike. `whole` is their type where they are all that either side has."""

    changes: tuple[EdgeChange, ...]
    whole: str | None


def edge_groups(difference: Difference) -> tuple[EdgeGroup, ...]:
    """All changed edges; those of a type stand together where the whole type changed alike."""
    groups = []
    for alike in _alike(difference.edges, _edge_key):
        type = alike[0].edge.type
        whole = type if len(alike) == difference.edges_by_type[type] > 1 else None
        parts = [alike] if whole else [(change,) for change in alike]
        groups += [EdgeGroup(part, whole) for part in parts]
    place = {id(change): index for index, change in enumerate(difference.edges)}
    return tuple(sorted(groups, key=lambda g: (g.whole is None, place[id(g.changes[0])])))


def node_groups(difference: Difference) -> tuple[tuple[NodeChange, ...], ...]:
    """Nodes that changed alike; added and removed ones by themselves."""
    return tuple(_alike(difference.nodes, lambda c: c.changes if c.kind == "changed" else c.name))


def _edge_key(change: EdgeChange) -> Hashable:
    old = change.old.candidates if change.old else ()
    return change.kind, change.edge.type, change.changes, old, change.edge.candidates


def _alike(changes: Iterable[T], key: Callable[[T], Hashable]) -> list[tuple[T, ...]]:
    found: dict[Hashable, list[T]] = {}
    for change in changes:
        found.setdefault(key(change), []).append(change)
    return [tuple(group) for group in found.values()]
