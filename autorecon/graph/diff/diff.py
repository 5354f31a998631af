"""What differs between two checked spaces: nodes, edges, candidates, choices and cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import attrs

from autorecon.graph.counting.cost import Interval
from autorecon.graph.diff.pairing import EdgePair, counterparts, edge_pairs, reordered
from autorecon.graph.draw.labels import named_choices
from autorecon.graph.space import Space
from autorecon.lang import Edge, Node, Pipeline, show_shape, show_value
from autorecon.lang.program.merging import Merging
from autorecon.lang.program.sizes import show_sized
from autorecon.lazy import upward

Kind = Literal["added", "removed", "changed"]
# Names and ends are what things are matched by; a bound port is the node that it is bound to.
_MATCHED = {
    "name",
    "aliases",
    "source",
    "target",
    "written",
    "shape",
    "sizes",
    "candidates",
    "axes",
    "table",
    "in_full",
}


@attrs.frozen
class Change:
    """One property of something; None where a side does not have it."""

    name: str
    old: str | None
    new: str | None

    @property
    def sides(self) -> tuple[str, str]:
        """Both as people read them."""
        return self.old or "nothing", self.new or "nothing"


@attrs.frozen
class NodeChange:
    """A node of one side only, or of both with what is not the same."""

    old: Node | None
    new: Node | None
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        return (self.new or self.old).name  # type: ignore[union-attr]

    @property
    def kind(self) -> Kind:
        return _kind(self.old, self.new)


@attrs.frozen
class EdgeChange:
    """An edge of one side only, or of both with what is not the same.

    The costs are intervals over its candidates: trainable parameters, then multiply-accumulates.
    """

    old: Edge | None
    new: Edge | None
    changes: tuple[Change, ...]
    removed: tuple[Pipeline, ...]
    added: tuple[Pipeline, ...]
    old_cost: tuple[Interval, Interval] | None
    new_cost: tuple[Interval, Interval] | None

    @property
    def edge(self) -> Edge:
        return self.new or self.old  # type: ignore[return-value]

    @property
    def kind(self) -> Kind:
        return _kind(self.old, self.new)

    @property
    def chosen(self) -> tuple[Pipeline, Pipeline] | None:
        """The old and the new candidate of an edge that has one on either side."""
        if not self.old or not self.new or self.old.candidates == self.new.candidates:
            return None
        single = len(self.old.candidates) == len(self.new.candidates) == 1
        return (self.old.candidates[0], self.new.candidates[0]) if single else None


@attrs.frozen
class Difference:
    """How `new` differs from `old`. Their names are labels, as those of files are, and no change.

    `restrictions` are changes of choices that have a name, rules and limits. `reordered` says
    whether the edges that both have stand in another order. `edges_by_type` counts the edges of
    either side.
    """

    old: Space
    new: Space
    parameters: tuple[Change, ...]
    restrictions: tuple[Change, ...]
    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    reordered: bool
    edges_by_type: Mapping[str, int]

    @property
    def same(self) -> bool:
        changes = (*self.parameters, *self.restrictions, *self.nodes, *self.edges)
        return not changes and not self.reordered

    def _repr_svg_(self) -> str | None:
        """What a notebook shows: the drawing, or None where it cannot be made."""
        found: str | None = upward("autorecon.graph.diff.draw_diff", "shown")(self)
        return found


def compare(old: Space, new: Space) -> Difference:
    """The difference of two spaces or genotypes, of which equal ones (`==`) have none."""
    sides = old.widest, new.widest
    nodes = counterparts(*sides)
    pairs = edge_pairs(*sides, nodes)
    return Difference(
        old,
        new,
        parameters=_named_changes(old.parameters, new.parameters),
        restrictions=_named_changes(_restrictions(old), _restrictions(new)),
        nodes=tuple(_node_changes(*sides, nodes)),
        edges=tuple(_edge_changes(pairs, old, new)),
        reordered=reordered(pairs, sides[1]),
        edges_by_type=Counter((b or a).type for a, b in pairs),  # type: ignore[union-attr]
    )


def _kind(old: object | None, new: object | None) -> Kind:
    if old is None:
        return "added"
    return "removed" if new is None else "changed"


def _named_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    pairs = ((name, old.get(name), new.get(name)) for name in {**old, **new})
    return tuple(Change(n, _text(a), _text(b)) for n, a, b in pairs if _text(a) != _text(b))


def _restrictions(space: Space) -> dict[str, str]:
    """Choices by their names, limits by what they bound, and rules, which are but their text."""
    apart = {name: f"choice {name} apart" for name in space.program.written.apart}
    choices = {
        apart.get(name, f"choice {name}"): " | ".join(options)
        for name, options in named_choices(space.program)
    }
    limits = (limit.text.rpartition(" ") for limit in space.program.limits)
    return {**choices, **{what: bound for what, _, bound in limits}} | {
        rule.text: "" for rule in space.program.rules
    }


def _node_changes(old: Space, new: Space, nodes: Mapping[str, str]) -> Iterator[NodeChange]:
    for node in old.nodes.values():
        if node.name not in nodes:
            yield NodeChange(node, None)
            continue
        other = new.nodes[nodes[node.name]]
        changes = (*_shape_change(node, other), *_changes(node, other, _MATCHED))
        if node.name != other.name:
            changes = (Change("name", node.name, other.name), *changes)
        if changes:
            yield NodeChange(node, other, changes)
    matched = set(nodes.values())
    yield from (NodeChange(None, n) for n in new.nodes.values() if n.name not in matched)


def _shape_change(old: Node, new: Node) -> Iterator[Change]:
    before, after = (show_sized(node.shape, node.sizes) for node in (old, new))
    if before != after:
        yield Change("shape", before, after)
    elif old.sizes and new.sizes and old.sizes != new.sizes:
        yield Change("size", old.sizes.decision, new.sizes.decision)


def _edge_changes(pairs: list[EdgePair], old: Space, new: Space) -> Iterator[EdgeChange]:
    for a, b in pairs:
        changes = (*_changes(a, b, _MATCHED), *_tie_changes(a, b)) if a and b else ()
        before, after = a.candidates if a else (), b.candidates if b else ()
        if a and b and not changes and before == after:
            continue
        yield EdgeChange(
            a,
            b,
            changes,
            removed=tuple(c for c in before if c not in after),
            added=tuple(c for c in after if c not in before),
            old_cost=_cost(a, old),
            new_cost=_cost(b, new),
        )


def _cost(edge: Edge | None, space: Space) -> tuple[Interval, Interval] | None:
    """Trainable parameters and multiply-accumulates, over its candidates and all their sizes."""
    if edge is None:
        return None
    candidates = space.program.by_name[edge.name].candidates
    return (
        Interval.of(c.parameters for c in candidates),
        Interval.of(c.macs for c in candidates),
    )


def _tie_changes(old: Edge, new: Edge) -> Iterator[Change]:
    """Where one side's candidate depends on other decisions than the edge's own."""
    before, after = (
        ", ".join(axis for axis in edge.axes if axis != edge.name) for edge in (old, new)
    )
    both_open = len(old.candidates) > 1 and len(new.candidates) > 1
    if before != after and both_open:
        yield Change("depends on", before or None, after or None)


def _changes(old: Any, new: Any, besides: set[str]) -> tuple[Change, ...]:
    names = [f.name for f in attrs.fields(type(old)) if f.eq and f.name not in besides]
    pairs = ((name, getattr(old, name), getattr(new, name)) for name in names)
    return tuple(Change(name, _text(a), _text(b)) for name, a, b in pairs if a != b)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, Pipeline | Merging):
        return value.text
    if isinstance(value, tuple) and all(isinstance(size, int) for size in value):
        return show_shape(value)
    return show_value(value)
