"""A program as its text has it where sizes are decided: each node once, with all its sizes.

It is what is drawn, and what nets are made of. A super net computes the largest: a node's value is
the sum of `mask(size)` of it for each size, weighted (Wan et al., FBNetV2, 2020, Sec. 3.1), and
weights for fewer channels are slices. With one size it computes what the sliced generator does,
because what reads across channels gets zeros behind those that are chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import attrs

from autorecon.lang import Edge, Node, Pipeline, Program
from autorecon.lang.operations.shapes import elements
from autorecon.lang.program.candidates import Op
from autorecon.lang.program.sizes import Sizes

Ends = tuple[Sizes | None, Sizes | None]


def widest(program: Program) -> Program:
    """The program in which no edge depends on sizes; itself, where none are decided.

    `sizes` of its nodes are what their values are masked to, `masked` of its steps what comes in.
    Of a genotype it is the one in which the sizes that are chosen are written.
    """
    sized = {node.name: node.sizes for node in program.nodes.values() if node.sizes}
    if not sized:
        return program
    entries = {f"{name}.merge": name for name, sizes in sized.items() if sizes.alone}
    nodes = {name: _masked(node, program) for name, node in program.nodes.items()}
    for edge in program.edges:
        if merged := edge.candidates[0].merged:
            nodes[edge.source] = attrs.evolve(nodes[edge.source], merged=merged)
    edges = tuple(_most(edge, program) for edge in program.edges)
    return joined(attrs.evolve(program, nodes=nodes, edges=edges), entries)


def joined(program: Program, entries: Mapping[str, str]) -> Program:
    """The same where these nodes and those that they are what is merged of are one."""
    nodes, edges = dict(program.nodes), []
    for edge in program.edges:
        if edge.source in entries:
            entry, (applied,) = nodes.pop(edge.source), edge.candidates
            then = None if applied.is_identity else applied
            node = nodes[edge.target]
            nodes[edge.target] = attrs.evolve(
                node, merge=entry.merge, merged=entry.merged, then=then
            )
        else:
            edges.append(attrs.evolve(edge, target=entries.get(edge.target, edge.target)))
    return attrs.evolve(program, nodes=nodes, edges=tuple(edges))


def _masked(node: Node, program: Program) -> Node:
    """Only what a node applies makes its value: what it merges is not masked."""
    is_entry = node.name.endswith(".merge")
    chosen = not program.decisions
    return attrs.evolve(node, sizes=None) if node.sizes and (chosen or is_entry) else node


def _most(edge: Edge, program: Program) -> Edge:
    """The edge between the largest sizes of its ends."""
    sizes = program.nodes[edge.source].sizes, program.nodes[edge.target].sizes
    decided = {end.decision for end in sizes if end}
    axes = tuple(axis for axis in edge.axes if axis not in decided)
    if len(axes) == len(edge.axes):
        return attrs.evolve(edge, candidates=tuple(map(_bare, edge.candidates)))
    alike: dict[tuple[Op, ...], list[Pipeline]] = {}
    for candidate in edge.candidates:
        alike.setdefault(candidate.ops, []).append(candidate)
    place = {ops: index for index, ops in enumerate(alike)}
    # What sizes depend on are the last axes: a run of rows for each row without them.
    run = prod(len(program.decisions[axis].options) for axis in edge.axes[len(axes) :])
    table = tuple(place[edge.candidates[index].ops] for index in edge.table[::run])
    candidates = tuple(_candidate(edge, same, sizes, program) for same in alike.values())
    return attrs.evolve(edge, candidates=candidates, axes=axes, table=table)


def _bare(candidate: Pipeline) -> Pipeline:
    """As one of an edge between nodes of one size."""
    return attrs.evolve(candidate, ends=(None, None), value=0, merged=None)


def _candidate(edge: Edge, same: Sequence[Pipeline], sizes: Ends, program: Program) -> Pipeline:
    if same[0].is_none:
        return same[0]
    first = max(candidate.steps[0].target[0] for candidate in same)
    target = (first, *same[0].steps[0].target[1:])
    whole = Pipeline(same[0].ops).between(program.nodes[edge.source].shape, target)
    if any(end and not end.are_sliced for end in sizes):
        # Of what a net computes with each, one stands for all.
        largest = max(same, key=lambda c: sum(elements(end) for end in c.ends if end))
        return _bare(largest)
    clean = edge.source != f"{edge.target}.merge"  # whether there are zeros behind what is chosen
    steps = []
    for position, step in enumerate(whole.steps):
        mask = _followed(same, position, sizes)
        needed = mask is not None and not clean and not step.op.traits.channelwise
        clean = (clean or needed) and step.op.traits.keeps_zeros
        steps.append(attrs.evolve(step, masked=mask) if needed else step)
    return attrs.evolve(whole, steps=tuple(steps))


def _followed(same: Sequence[Pipeline], position: int, sizes: Ends) -> Sizes | None:
    """The decision that the channels before an operation follow, if they are not always as many."""
    channels = {c.ends: c.steps[position].before[0] for c in same}
    if len({*channels.values()}) == 1:
        return None
    for end, own in enumerate(sizes):
        by_size = {ends[end]: count for ends, count in channels.items()}
        if own and all(by_size[ends[end]] == count for ends, count in channels.items()):
            return Sizes(own.decision, tuple((by_size[shape],) for shape in own.shapes))
    raise AssertionError(same[0].text)
