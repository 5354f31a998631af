"""A program as nets are made of it where sizes are decided that are no slices of one another.

A node has one for each of its sizes there, `a@32` and `a@64`, with weights of its own, but where a
choice decides resolutions alone and is not `apart`. Edges lead from each to each, and are `none`
unless the size that they come from is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import attrs

from autorecon.graph.widest import joined, widest
from autorecon.lang import Edge, Node, Pipeline, Program
from autorecon.lang.program.candidates import IDENTITY, NONE
from autorecon.lang.program.sizes import Sizes

Option = int | None  # of what decides the size of a node that is unfolded


def unfolded(program: Program) -> Program:
    """The same, and of sizes that are slices the widest."""
    if not program.decisions or not any(map(_sizes, program.nodes.values())):
        return widest(program)
    unfolding = _Unfolding(program)
    for node in program.nodes.values():
        unfolding.node(node)
    for edge in program.edges:
        unfolding.edge(edge)
    nodes, edges = unfolding.nodes, tuple(unfolding.edges)
    return widest(joined(attrs.evolve(program, nodes=nodes, edges=edges), unfolding.entries))


def in_super_net(owner: str, genotype: Program) -> str:
    """What has the weights of a node or an edge of a genotype in the super net of its space."""
    if node := genotype.nodes.get(owner):
        return _weights_of(owner, node, genotype)
    edge = genotype.by_name[owner]
    ends = zip(edge.written, (edge.source, edge.target), strict=True)
    written = (_weights_of(name, genotype.nodes[end], genotype) for name, end in ends)
    return _renamed(edge, *written)


def _weights_of(name: str, node: Node, genotype: Program) -> str:
    sizes = _sizes(node)
    return f"{name}@{genotype.chosen[sizes.decision]}" if sizes and sizes.apart else name


def _sizes(node: Node) -> Sizes | None:
    """Those of a node that is unfolded."""
    return node.sizes if node.sizes and not node.sizes.are_sliced else None


def _renamed(edge: Edge, source: str, target: str) -> str:
    return attrs.evolve(edge, written=(source, target)).name


@attrs.define
class _Unfolding:
    program: Program
    nodes: dict[str, Node] = attrs.field(factory=dict)
    edges: list[Edge] = attrs.field(factory=list)
    # What nodes merge, by which node it is: they are two for their sizes alone.
    entries: dict[str, str] = attrs.field(factory=dict)

    def node(self, node: Node) -> None:
        sizes = _sizes(node)
        if sizes is None:
            self.nodes[node.name] = node
            return
        for option, shape in enumerate(sizes.shapes):
            name = self._name(node.name, sizes, option)
            owner = None if sizes.apart else node.name
            self.nodes[name] = attrs.evolve(
                node, name=name, shape=shape, sizes=None, weights_of=owner
            )
            if sizes.alone and node.name.endswith(".merge"):
                whole = node.name.removesuffix(".merge")
                self.entries[name] = self._name(whole, sizes, option)

    def edge(self, edge: Edge) -> None:
        """Of one choice, a size leads to the same option of the other end's."""
        source, target = self._ends(edge)
        of_one = source and target and source.decision == target.decision
        for i, j in product(_options(source), _options(target)):
            if i == j or not of_one:
                self._between(edge, i, j)

    def _between(self, edge: Edge, i: Option, j: Option) -> None:
        """From one size to one, with the candidates that are between these."""
        source, target = self._ends(edge)
        gate = source.decision if source and _decision(target) != source.decision else None
        candidates, axes, table = self._candidates(edge, gate, i, j)
        into = self._name(edge.target, target, j)
        if gate and self.nodes[into].merge.name != "sum":
            into = self._summed(edge, candidates, into, self._name(edge.written[1], target, j))
        self._merging(edge, i)
        self.edges.append(
            attrs.evolve(
                edge,
                source=self._name(edge.source, source, i),
                target=into,
                written=self._written(edge, i, j),
                candidates=candidates,
                axes=axes,
                table=table,
                weights_of=self._weights_of(edge, i, j),
            )
        )

    def _candidates(
        self, edge: Edge, gate: str | None, i: Option, j: Option
    ) -> tuple[tuple[Pipeline, ...], tuple[str, ...], tuple[int, ...]]:
        """With their axes and table; those of all sizes are in one order, and `none` is last."""
        source, target = self._ends(edge)
        fixed = {
            sizes.decision: option
            for sizes, option in ((source, i), (target, j))
            if sizes and option is not None
        }
        axes = tuple(axis for axis in edge.axes if axis == gate or axis not in fixed)
        radices = (range(len(self.program.decisions[axis].options)) for axis in axes)
        found: dict[Pipeline, int] = {}
        rows: list[int | None] = []
        for picks in product(*radices):
            chosen = dict(zip(axes, picks, strict=True))
            if gate and chosen[gate] != i:
                rows.append(None)
                continue
            candidate = edge.candidates[self.program.candidate(edge, chosen | fixed)]
            ends = (None if source else candidate.ends[0], None if target else candidate.ends[1])
            bare = attrs.evolve(candidate, ends=ends, value=0, merged=None)
            rows.append(found.setdefault(bare, len(found)))
        none = found.setdefault(NONE, len(found)) if None in rows else 0
        table = tuple(none if row is None else row for row in rows)
        return tuple(found), axes, table

    def _merging(self, edge: Edge, i: Option) -> None:
        """What a merge with a module is, which what the node applies has where it is sized."""
        source, _ = self._ends(edge)
        if source and i is not None and edge.candidates[0].merged:
            shape = source.shapes[i]
            merged = next(c.merged for c in edge.candidates if c.ends[0] == shape)
            name = self._name(edge.source, source, i)
            self.nodes[name] = attrs.evolve(self.nodes[name], merged=merged)

    def _summed(self, edge: Edge, candidates: tuple[Pipeline, ...], into: str, written: str) -> str:
        """A node for what comes from one size or the other, so that it is one part of a merge."""
        name = _renamed(edge, edge.written[0], written) + ".merge"
        if name in self.nodes:
            return name
        sizes = self.nodes[into].sizes  # where these are slices
        ends = sizes.shapes if sizes else (None,)
        brought = next((c.steps[-1].after for c in candidates if c.steps), self.nodes[into].shape)
        shape = sizes.most if sizes else brought
        self.nodes[name] = Node(name, shape, "inner", sizes=sizes)
        passed = [attrs.evolve(IDENTITY, ends=(end, end)) for end in ends]
        places = {one: place for place, one in enumerate(dict.fromkeys(passed))}
        self.edges.append(
            Edge(
                name,
                into,
                (name, written),
                edge.type,
                None,
                tuple(one.between(one.ends[0] or shape, one.ends[1] or shape) for one in places),
                axes=(sizes.decision,) if sizes else (),
                table=tuple(places[one] for one in passed),
            )
        )
        return name

    def _weights_of(self, edge: Edge, i: Option, j: Option) -> str | None:
        """The edge whose modules it has: that of the same sizes, as far as these are apart."""
        owner = self.program.by_name[edge.weights_of or edge.name]
        source, target = self._ends(edge)
        written = (
            self._name(owner.written[0], source, i if source and source.apart else None),
            self._name(owner.written[1], target, j if target and target.apart else None),
        )
        name, own = _renamed(owner, *written), _renamed(edge, *self._written(edge, i, j))
        return None if name == own else name

    def _written(self, edge: Edge, i: Option, j: Option) -> tuple[str, str]:
        source, target = self._ends(edge)
        return self._name(edge.written[0], source, i), self._name(edge.written[1], target, j)

    def _ends(self, edge: Edge) -> tuple[Sizes | None, Sizes | None]:
        return _sizes(self.program.nodes[edge.source]), _sizes(self.program.nodes[edge.target])

    def _name(self, name: str, sizes: Sizes | None, option: Option) -> str:
        if sizes is None or option is None:
            return name
        return f"{name}@{self.program.decisions[sizes.decision].options[option]}"


def _options(sizes: Sizes | None) -> Iterator[Option]:
    yield from range(len(sizes.shapes)) if sizes else (None,)


def _decision(sizes: Sizes | None) -> str | None:
    return sizes.decision if sizes else None
