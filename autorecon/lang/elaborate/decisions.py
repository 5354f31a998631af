"""Choices put in the place of their names: edges, and the decisions that they depend on.

An edge depends on a decision of its own if it has alternatives, and on the choices that these name.
What is shared has one decision, that of the first. These are its axes, and a table says which
candidate each combination of their options is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from math import prod

import attrs

from autorecon.lang.elaborate.choices import sizes_of
from autorecon.lang.elaborate.declarations import report_loop
from autorecon.lang.elaborate.pipelines import MAX_DEPTH, MAX_OPS
from autorecon.lang.elaborate.sharing import Leaders, leaders, share_weights, shared_groups
from autorecon.lang.elaborate.sizes import (
    MAX_COMBINATIONS,
    Known,
    between_sizes,
    report_of_two_kinds,
)
from autorecon.lang.elaborate.state import Choice, Elaboration, TooLarge
from autorecon.lang.program.candidates import (
    IDENTITY,
    Op,
    Pipeline,
    Placeholder,
    SizePlaceholder,
    Varying,
)
from autorecon.lang.program.edges import Decision, Edge
from autorecon.lang.program.nodes import Node
from autorecon.lang.source import Span

_OVERHEAD = 64  # what one costs, as characters to carry out

_Placed = tuple[tuple[str, ...], tuple[int, ...], tuple[Pipeline, ...]]


def tie(program: Elaboration) -> None:
    """Finds out what every edge depends on, and all decisions."""
    if not (program.names_choices or program.choices or program.shares):
        program.decisions = dict(_own_decisions(program.edges))
        return
    _unused(program)
    sound = _sound_choices(program)
    edges = [e for e in program.edges if _is_sound(e.candidates, program, sound)]
    program.lacks_edges |= len(edges) < len(program.edges)
    program.edges[:] = edges
    groups = shared_groups(program)
    program.shared = tuple(
        (g.kind, g.names) for g in groups if g.kind == "weights" or g.options > 1
    )
    program.options = {e.name: e.candidates for e in program.edges if _named(e.candidates)}
    ties = _Ties(program, leaders(group.names for group in groups))
    own = dict(_own_decisions(program.edges))
    for name, node in program.nodes.items():
        if node.sizes:
            leader = ties.leader(node.sizes.decision)
            program.nodes[name] = attrs.evolve(
                node, sizes=attrs.evolve(node.sizes, decision=leader)
            )
    _one_kind(program)
    known: Known = {}
    program.edges[:] = [between_sizes(ties.edge(edge), program, known) for edge in program.edges]
    share_weights(program, groups)
    program.decisions = dict(_decisions(program, own))


def _one_kind(program: Elaboration) -> None:
    """Of one choice, weights are slices or apart; and of resolutions neither."""
    first: dict[str, Node] = {}
    for node in program.nodes.values():
        if not node.sizes or node.sizes.apart or node.name in program.entries.values():
            continue
        other = first.setdefault(node.sizes.decision, node)
        if other.sizes and other.sizes.are_sliced != node.sizes.are_sliced:
            report_of_two_kinds(node.sizes, node.span, program)
            ends = node.name, program.entries[node.name]
            kept = [e for e in program.edges if e.target not in ends and e.source not in ends]
            program.edges[:], program.lacks_edges = kept, True


def _own_decisions(edges: Iterable[Edge]) -> Iterator[tuple[str, Decision]]:
    """One for each edge with several candidates."""
    options: dict[int, tuple[str, ...]] = {}
    for edge in edges:
        if len(edge.candidates) > 1:
            # Edges of one statement or type have one tuple of candidates.
            key = id(edge.candidates)
            if key not in options:
                options[key] = tuple(c.text for c in edge.candidates)
            yield edge.name, Decision(edge.name, edge.text, options[key], edge.block, edge.span)


def _decisions(program: Elaboration, own: Mapping[str, Decision]) -> Iterator[tuple[str, Decision]]:
    """The file's choices, then edge by edge those of its block before its own."""
    used = {axis: None for edge in program.edges for axis in edge.axes}
    for name in [c.name for c in program.choices.values() if c.block is None and c.name in used]:
        del used[name]
        yield name, _of_choice(program.choices[name])
    for edge in program.edges:
        for axis in reversed(edge.axes):
            if axis in used and (axis == edge.name or axis in program.choices):
                del used[axis]
                choice = program.choices.get(axis)
                yield axis, _of_choice(choice) if choice else own[axis]


def _of_choice(choice: Choice) -> Decision:
    options = tuple(option.text for option in choice.options)
    return Decision(choice.name, choice.name, options, choice.block, choice.span)


def _named(options: Iterable[Pipeline]) -> dict[Placeholder, None]:
    return dict.fromkeys(placeholder for pipeline in options for placeholder in pipeline.choices)


def _unused(program: Elaboration) -> None:
    if program.faults.failed:
        return
    waiting = [p.choice for edge in program.edges for p in _named(edge.candidates)]
    named = {*waiting, *program.sized}
    while waiting:
        choice = program.choices.get(waiting.pop())
        inner = {p.choice for p in _named(choice.options)} - named if choice else set()
        named |= inner
        waiting += inner
    for choice in program.choices.values():
        if choice.name not in named:
            help = "name it in a pipeline as one names an operation, or remove it"
            if sizes_of(choice.options):
                help = "make it the first size of a node, or remove it"
            program.faults.report("W0901", f"nothing uses `{choice.name}`", choice.span, help)


def _sound_choices(program: Elaboration) -> set[str]:
    """Those that are made of choices that are there, and not of themselves."""
    within: list[str] = []
    depths: dict[str, int] = {}  # 0: unsound

    def depth(name: str) -> int:
        if name in within:
            loop = {f"choice {n}": program.choices[n].span for n in within[within.index(name) :]}
            report_loop(loop, "its options name operations and other choices", program.faults)
            return 0
        if name not in depths:
            within.append(name)
            options = program.choices[name].options
            named = [p.choice for p in _named(options) if p.choice in program.choices]
            inner = [depth(choice) for choice in named]
            sound = _is_sound(options, program, program.choices) and all(inner)
            depths[name] = 1 + max(inner, default=0) if sound else 0
            within.pop()
        if max(depths[name], len(within)) > MAX_DEPTH:
            raise TooLarge(f"{MAX_DEPTH} choices within one another", program.choices[name].span)
        return depths[name]

    return {name for name in program.choices if depth(name)}


def _is_sound(options: Iterable[Pipeline], program: Elaboration, sound: Iterable[str]) -> bool:
    """Whether every choice that options name is sound, after reporting those that are not there."""
    bad = [p for p in _named(options) if p.choice not in sound or _is_misplaced(p, program)]
    for placeholder in bad:
        name = placeholder.choice
        if _is_misplaced(placeholder, program):
            message = f"`{placeholder.name}` is a choice of sizes, and no operation"
            help = "sizes are those of nodes: `node a [width, 8, 8]`"
            program.faults.report("E0306", message, placeholder.span, help)
            continue
        if name not in program.choices and not program.is_broken(name):
            message = f"unknown choice `{placeholder.name}`"
            program.faults.unknown("E0202", message, placeholder.span, name, program.choices)
    return not bad


def _is_misplaced(placeholder: Placeholder, program: Elaboration) -> bool:
    """Whether it is a choice of sizes where an operation is to be."""
    choice = program.choices.get(placeholder.choice)
    is_size = choice is not None and bool(sizes_of(choice.options))
    return is_size and not isinstance(placeholder, SizePlaceholder)


@attrs.define
class _Ties:
    """Edges with their candidates in place."""

    program: Elaboration
    leaders: Leaders
    # Of the edges of one statement or type, by their tuple of candidates.
    known: dict[int, _Placed] = attrs.field(factory=dict)
    # What each choice depends on, itself first.
    reached: dict[str, dict[str, int]] = attrs.field(factory=dict)

    def edge(self, edge: Edge) -> Edge:
        own = (self.leader(edge.name),) if len(edge.candidates) > 1 else ()
        if not any(pipeline.choices for pipeline in edge.candidates):
            return edge if own == edge.axes else attrs.evolve(edge, axes=own)
        key = id(edge.candidates)
        if key not in self.known:
            self.known[key] = self._placed(edge.candidates, edge.span)
        axes, table, candidates = self.known[key]
        self.program.spend(len(candidates), edge.span)
        return attrs.evolve(edge, candidates=candidates, axes=(*own, *axes), table=table)

    def leader(self, name: str) -> str:
        """Whose decision it is."""
        return self.leaders.get(name, name)

    def _placed(self, options: tuple[Pipeline, ...], span: Span | None) -> _Placed:
        """The choices that the options depend on, and all that they can be."""
        radices = self._axes(options)
        combinations = len(options) * prod(radices.values())
        if combinations > MAX_COMBINATIONS:
            raise TooLarge(f"{MAX_COMBINATIONS:,} combinations of choices on an edge", span)
        self.program.spend(_OVERHEAD * combinations, span)
        found: dict[Pipeline, int] = {}
        table = []
        combined = list(product(*map(range, radices.values())))
        for option, picks in product(options, combined):
            pipeline = self._put(option, dict(zip(radices, picks, strict=True)), {}, span)
            table.append(found.setdefault(pipeline, len(found)))
        return tuple(radices), tuple(table), tuple(found)

    def _axes(self, options: Iterable[Pipeline]) -> dict[str, int]:
        """Choices that leave something open, with their numbers of options."""
        axes: dict[str, int] = {}
        for name in dict.fromkeys(placeholder.choice for placeholder in _named(options)):
            if name not in self.reached:
                choice = self.program.choices[name]
                own = {self.leader(name): len(choice.options)} if choice.options[1:] else {}
                self.reached[name] = own | self._axes(choice.options)
            axes |= self.reached[name]
        return axes

    def _put(
        self,
        pipeline: Pipeline,
        picks: Mapping[str, int],
        known: dict[str, Pipeline],
        span: Span | None,
    ) -> Pipeline:
        """A pipeline with options in place: `none` is all of it, and `identity` no part of it."""
        ops: list[Op] = []
        for op in pipeline.ops:
            if isinstance(op, Varying):
                op = op.chosen(lambda choice: picks.get(self.leader(choice), 0))
            if not isinstance(op, Placeholder):
                ops.append(op)
                continue
            if op.choice not in known:
                options = self.program.choices[op.choice].options
                option = options[picks.get(self.leader(op.choice), 0)]
                known[op.choice] = self._put(option, picks, known, span)
            if known[op.choice].is_none:
                return known[op.choice]
            if not known[op.choice].is_identity:
                ops += known[op.choice].ops
            if len(ops) > MAX_OPS:
                raise TooLarge(f"{MAX_OPS:,} operations in one pipeline", span)
        return Pipeline(tuple(ops)) if ops else IDENTITY
