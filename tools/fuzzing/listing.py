"""Every architecture of a program, one by one: an account that shares no code with the analyses.

An architecture is one option a decision. What is live in it, whether it is valid and what it costs
is worked out here from the program alone.
"""

from __future__ import annotations

from itertools import product
from math import prod

import attrs

from autorecon.lang import Edge, Node, Pipeline, Program, Shape
from autorecon.lang.program.merging import Merged
from autorecon.lang.program.rules import Count
from fuzzing.judge import same

MEASURES = ("parameters", "macs", "activations")

Costs = tuple[int, int, int]
Picks = tuple[int, ...]
Part = frozenset[tuple[str, int]]  # the live edges, each with its candidate


@attrs.frozen
class Architecture:
    """`chosen` has every edge's candidate; `cut` says that no noise reaches the output, `valid`
    that this is not so, that rules and limits hold and that what else is required gets there."""

    picks: Picks
    chosen: dict[str, int]
    part: Part
    costs: Costs
    cut: bool
    valid: bool


class Listing:
    """The architectures of a program, one by one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = list(program.decisions)
        self.radices = [len(d.options) for d in program.decisions.values()]
        roles = {n.name: n.role for n in program.nodes.values()}
        self.inputs = [n for n, role in roles.items() if role in ("noise", "label", "param")]
        self.origin = "noise" if "noise" in roles.values() else "label"
        (self.output,) = (n.name for n in program.nodes.values() if n.role == "output")
        self.edges = _from_the_inputs(program)
        self.none = [[c.ops[0].name == "none" for c in e.candidates] for e in self.edges]
        self.edge_costs = [_edge_costs(e, program) for e in self.edges]
        self.node_costs = {name: _node_costs(program, name) for name in program.nodes}
        self.axes = [[self.names.index(a) for a in e.axes] for e in self.edges]

    def architectures(self) -> list[Architecture]:
        return [self.architecture(picks) for picks in product(*map(range, self.radices))]

    def candidate(self, edge: int, picks: Picks) -> int:
        place = 0
        for axis in self.axes[edge]:
            place = place * self.radices[axis] + picks[axis]
        return self.edges[edge].table[place]

    def architecture(self, picks: Picks) -> Architecture:
        chosen = [self.candidate(index, picks) for index in range(len(self.edges))]
        there = [i for i, c in enumerate(chosen) if not self.none[i][c]]
        reached, needed = set(self.inputs), {self.output}
        for index in there:
            edge = self.edges[index]
            if edge.source in reached:
                reached.add(edge.target)
        for index in reversed(there):
            edge = self.edges[index]
            if edge.target in needed:
                needed.add(edge.source)
        live = reached & needed
        on = [i for i in there if self.edges[i].source in live and self.edges[i].target in live]
        costs = self.costs(live, on, chosen)
        roles = self.roles(live, on, chosen)
        cut = self.origin not in roles
        part = frozenset((self.edges[i].name, chosen[i]) for i in on)
        named = {edge.name: c for edge, c in zip(self.edges, chosen, strict=True)}
        valid = self.obeys(picks, chosen, costs) and roles >= {self.origin, *self.program.required}
        return Architecture(picks, named, part, costs, cut, valid)

    def roles(self, live: set[str], on: list[int], chosen: list[int]) -> set[str]:
        """Those of inputs that are live, or read by what is."""
        pipelines = [self.edges[index].candidates[chosen[index]] for index in on]
        pipelines += [then for name in live if (then := self.program.nodes[name].then)]
        known = live.union(*(pipeline.labels for pipeline in pipelines))
        return {self.program.nodes[name].role for name in known}

    def costs(self, nodes: set[str], on: list[int], chosen: list[int]) -> Costs:
        """Weights that edges share count once."""
        total, paid = [0, 0, 0], set()
        for name in nodes:
            for measure, cost in enumerate(self.node_costs[name]):
                total[measure] += cost
        for index in on:
            parameters, macs, activations = self.edge_costs[index][chosen[index]]
            owner = self.edges[index].weights_of or self.edges[index].name
            total[0] += 0 if owner in paid else parameters
            total[1] += macs
            total[2] += activations
            paid.add(owner)
        return total[0], total[1], total[2]

    def obeys(self, picks: Picks, chosen: list[int], costs: Costs) -> bool:
        for limit in self.program.limits:
            if not limit.least <= costs[MEASURES.index(limit.measure)] <= limit.most:
                return False
        for rule in self.program.rules:
            if not any(c.least <= self.counted(c, picks, chosen) <= c.most for c in rule.counts):
                return False
        return True

    def counted(self, count: Count, picks: Picks, chosen: list[int]) -> int:
        if count.choice:
            return picks[self.names.index(count.choice)] in count.places
        return sum(
            self._matches(edge, chosen[index], count.options)
            for index, edge in enumerate(self.edges)
            if edge.name in count.edges
        )

    @staticmethod
    def _matches(edge: Edge, candidate: int, options: tuple) -> bool:
        pipeline = edge.candidates[candidate]
        names = {op.name for op in pipeline.ops}
        return any(o in names if isinstance(o, str) else o.ops == pipeline.ops for o in options)


def _from_the_inputs(program: Program) -> list[Edge]:
    """The edges, each behind those that lead to its source."""
    left, found = list(program.edges), []
    while left:
        waiting = {edge.target for edge in left}
        ready = [edge for edge in left if edge.source not in waiting]
        found += ready
        left = [edge for edge in left if edge.source in waiting]
    return found


def _edge_costs(edge: Edge, program: Program) -> list[Costs]:
    source, target = program.nodes[edge.source].shape, program.nodes[edge.target]
    into = _into(program, target.name)
    for candidate in edge.candidates:
        if candidate.ops[0].name != "none":
            before, after = candidate.ends
            end = _end_of(candidate, _sized(source, before))
            first = int(target.merge.name == "concat")
            merged = target.merged or _merged_at(program, target, after)
            given = dict(zip(into, merged.sources, strict=True)) if merged else {}
            wanted = given[edge.name] if given else _sized(target.shape, after)
            same("end of an edge", end[first:], wanted[first:])
    return [_pipeline_costs(candidate) for candidate in edge.candidates]


def _merged_at(program: Program, node: Node, shape: Shape | None) -> Merged | None:
    """What a node whose size is decided merges with at this size, as what it applies has it."""
    applied = (c for e in program.edges if e.source == node.name for c in e.candidates)
    return next((c.merged for c in applied if shape and c.merged and c.ends[0] == shape), None)


def _sized(shape: Shape, decided: Shape | None) -> Shape:
    return shape if decided is None else decided


def _into(program: Program, name: str) -> list[str]:
    return [edge.name for edge in program.edges if edge.target == name]


def _merge_costs(merged: Merged | None) -> tuple[int, int]:
    """Weights and multiply-accumulates of a merge, from what its module is."""
    if merged is None or merged.op.name != "modconv":
        return 0, 0
    (channels, *_), (style,) = merged.sources
    same("length of a style", style, channels)
    out, height, width = merged.target
    kernel, bias, demodulate, _ = merged.op.values
    weights = channels * out * kernel * kernel
    return weights + out * bias, weights * height * width + channels * out * demodulate


def _end_of(pipeline: Pipeline, source: Shape) -> Shape:
    """The shape that its steps lead to from this one."""
    same("operations", [step.op for step in pipeline.steps], list(pipeline.ops))
    for step in pipeline.steps:
        same("shape before an operation", step.before, source)
        same(
            "shape after an operation",
            step.after,
            step.op.spec.shape(step.op.args, source, step.target),
        )
        source = step.after
    return source


def _pipeline_costs(pipeline: Pipeline) -> Costs:
    costs = [step.op.cost(step.before, step.after, step.target) for step in pipeline.steps]
    made = [prod(step.after) for step in pipeline.steps if step.op.name != "identity"]
    costs.append(_merge_costs(pipeline.merged))
    return sum(c[0] for c in costs), sum(c[1] for c in costs), sum(made) + pipeline.value


def _node_costs(program: Program, name: str) -> Costs:
    node = program.nodes[name]
    parameters = macs = made = 0
    if node.then:
        same("end of `then`", _end_of(node.then, node.shape), node.shape)
        parameters, macs, made = _pipeline_costs(node.then)
    merged = _merge_costs(node.merged)
    parameters, macs = parameters + merged[0], macs + merged[1]
    if node.role == "param":
        parameters += prod(node.shape)
    if node.sizes:
        return parameters, macs, made
    return parameters, macs, made + (1 if node.role == "label" else prod(node.shape))
