"""What `share` says: what has one decision, and which edges have one set of weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import product, takewhile

import attrs

from autorecon.lang.elaborate.choices import sizes_of
from autorecon.lang.elaborate.edges import find_node
from autorecon.lang.elaborate.state import Choice, Elaboration, Values
from autorecon.lang.operations.merges import Shapes
from autorecon.lang.operations.shapes import Shape, ShapeFault, show_shape
from autorecon.lang.program.candidates import NONE, Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import edge_target
from autorecon.lang.syntax import tree as s

_BOTH_APART = "write `apart` in both declarations, or in none"
# The first of those that share a decision with something, by its name.
Leaders = Mapping[str, str]


@attrs.frozen
class Group:
    """Edges, or choices, that share; the first one's decision and weights are everybody's."""

    statement: s.Share
    members: tuple[Edge | Choice, ...]

    @property
    def kind(self) -> str:
        """What they share, "choice" or "weights"; choices have no weights."""
        return "choice" if isinstance(self.members[0], Choice) else self.statement.kind.text

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.members)

    @property
    def options(self) -> int:
        """How many each has."""
        return len(_options(self.members[0]))


def shared_groups(program: Elaboration) -> list[Group]:
    """What is shared, after reporting what cannot be."""
    by_ends = {(edge.source, edge.target): edge for edge in program.edges}
    found: list[Group] = []
    for statement, scope, block in program.shares:
        reader = _Reader(program, by_ends, statement, scope, block)
        groups = [Group(statement, tuple(members)) for members in reader.groups()]
        found += [group for group in groups if _agree(group, program)]
    return found


def leaders(groups: Iterable[Sequence[str]]) -> dict[str, str]:
    """Whose decision it is, for all that share another's; by their names, as groups are given."""
    above: dict[str, str] = {}

    def leader(name: str) -> str:
        while name in above:
            name = above[name]
        return name

    for group in groups:
        first = leader(group[0])
        for member in group[1:]:
            if (other := leader(member)) != first:
                above[other] = first
    return {name: leader(name) for name in above}


def _options(member: Edge | Choice) -> tuple:
    return member.candidates if isinstance(member, Edge) else member.options


def _shown(member: Edge | Choice) -> str:
    return member.text if isinstance(member, Edge) else member.name


def _agree(group: Group, program: Elaboration) -> bool:
    """Whether option i of one can go with option i of all others."""
    first, *others = group.members
    for other in others:
        counts = len(_options(first)), len(_options(other))
        if counts[0] != counts[1]:
            message = (
                f"`{_shown(first)}` has {counts[0]} alternatives and `{_shown(other)}` {counts[1]}"
            )
            help = "option i of one goes with option i of the other: give both equally many"
            _report(program, group.statement, message, help, other)
            return False
    return True


def _report(
    program: Elaboration,
    statement: s.Share | s.Path,
    message: str,
    help: str,
    member: Edge | Choice | None = None,
) -> None:
    notes = ((f"`{_shown(member)}` is here", member.span),) if member else ()
    program.faults.report("E0901", message, statement.span, help, notes=notes)


@attrs.frozen
class _Reader:
    """The items of one statement."""

    program: Elaboration
    by_ends: Mapping[tuple[str, str], Edge]
    statement: s.Share
    scope: Values
    block: str | None

    def groups(self) -> list[list[Edge | Choice]]:
        items = self.statement.items
        if any(len(item) != len(items[0]) for item in items):
            self._report("edges are shared with edges, instances with instances", "write two lines")
            return []
        if len(items[0]) == 2:
            pairs = [pair for sources, targets in items for pair in product(sources, targets)]
            return self._several([self._edge(*pair) for pair in pairs])
        paths = [path for (item,) in items for path in item]
        names = [self.program.path(path, self.scope) for path in paths]
        if self.block is None and all(name in self.program.instances for name in names):
            return self._instances([name for name in names if name])
        choices = [self._choice(path, name) for path, name in zip(paths, names, strict=True)]
        instances = [name in self.program.instances for name in names]
        if any(instances) and all(a or b for a, b in zip(choices, instances, strict=True)):
            self._report(
                "choices are shared with choices, instances with instances", "write two lines"
            )
        return self._several(choices)

    def _several(self, found: Sequence[Edge | Choice | None]) -> list[list[Edge | Choice]]:
        members = [member for member in found if member]
        if len(members) < len(found):
            return []
        names = [member.name for member in members]
        kinds = {isinstance(m, Choice) and bool(sizes_of(m.options)) for m in members}
        if len(kinds) > 1:
            self._report(
                "sizes are shared with sizes, operations with operations", "write two lines"
            )
            return []
        if len({isinstance(m, Choice) and m.apart for m in members}) > 1:
            self._report("the weights of one are apart, those of the other are not", _BOTH_APART)
            return []
        if len(set(names)) < len(names):
            twice = next(m for m in members if names.count(m.name) > 1)
            self._report(f"`{_shown(twice)}` is shared with itself", "name it once", twice)
            return []
        if len(members) < 2:
            self._report("only one thing is shared", "name two edges, instances or choices")
            return []
        if all(len(_options(member)) < 2 for member in members) and self._kind == "choice":
            self._report("there is nothing to choose in what is shared", "give it alternatives")
            return []
        return [members]

    @property
    def _kind(self) -> str:
        return self.statement.kind.text

    def _report(self, message: str, help: str, member: Edge | Choice | None = None) -> None:
        _report(self.program, self.statement, message, help, member)

    def _edge(self, source: s.Path, target: s.Path) -> Edge | None:
        _, start, first = find_node(self.program, source, self.scope, self.block)
        _, end, last = find_node(self.program, target, self.scope, self.block)
        if first is None or last is None:
            return None
        found = self.by_ends.get((first, self.program.entries.get(last, last)))
        if found is None and not self.program.lacks_edges:
            message = f"there is no edge `{start} -> {end}`"
            _report(self.program, target, message, "declare it, or share another")
        return found

    def _choice(self, path: s.Path, name: str | None) -> Choice | None:
        if name is None:
            return None
        program, full = self.program, f"{self.block}.{name}" if self.block else name
        found = program.choices.get(full) or program.choices.get(name)
        if found and self._kind == "weights":
            _report(program, path, "a choice has no weights", "write `share choice`", found)
            return None
        broken = program.is_broken(name) or program.is_broken(full)
        if found is None and name not in program.instances and not broken:
            message = f"`{name}` is no block instance and no choice, nor is it `a -> b`"
            known = [*program.instances, *program.choices]
            program.faults.unknown("E0901", message, path.span, name, known)
        return found

    def _instances(self, names: Sequence[str]) -> list[list[Edge | Choice]]:
        """What the instances have in the same place, each by itself."""
        if len(names) < 2 or len(set(names)) < len(names):
            self._report("an instance is shared with itself", "name two or more, each once")
            return []
        if any(self.program.is_broken(name) for name in names):
            return []
        first, *others = [self._within(name) for name in names]
        for name, other in zip(names[1:], others, strict=True):
            if odd := [key for key in {**first, **other} if (key in first) != (key in other)]:
                has, lacks = (names[0], name) if odd[0] in first else (name, names[0])
                help = "share instances of one block, or edge by edge"
                self._report(f"`{has}` has `{odd[0]}`, which `{lacks}` has not", help)
                return []
        groups = [[first[key], *(other[key] for other in others)] for key in first]
        if self._kind == "choice":
            groups = [group for group in groups if any(len(_options(m)) > 1 for m in group)]
        return groups

    def _within(self, instance: str) -> dict[str, Edge | Choice]:
        """The edges and choices of an instance, by their names in its block.

        What a node applies chooses nothing itself, and a bound port applies nothing.
        """
        applied = set(self.program.entries.values())
        edges = [m for m in self.program.edges if m.block == instance]
        members = [edge for edge in edges if edge.source not in applied]
        choices = [c for c in self.program.choices.values() if c.block == instance]
        found: list[Edge | Choice] = [*members, *choices]
        return {_within(member, instance): member for member in found}


def _within(member: Edge | Choice, instance: str) -> str:
    """What it is called in the instance's block."""
    ends = member.written if isinstance(member, Edge) else (member.name,)
    return "->".join(end.removeprefix(f"{instance}.") for end in ends)


def share_weights(program: Elaboration, groups: Iterable[Group]) -> None:
    """Says of each edge whose weights are another's which that is, after reporting misfits."""
    place = {edge.name: index for index, edge in enumerate(program.edges)}
    for group in groups:
        if group.kind == "choice":
            continue
        first, *others = [place[name] for name in group.names]
        for other in others:
            one, two = program.edges[first], program.edges[other]
            if not (misfit := _misfit(one, two, program)):
                owner = one.weights_of or one.name
                program.edges[other] = attrs.evolve(two, weights_of=owner)
                continue
            help = "weights are shared by edges of the same candidates and channels"
            _report(program, group.statement, misfit, help, two)


def _misfit(one: Edge, two: Edge, program: Elaboration) -> str | None:
    """Why two edges cannot have the same weights."""
    ops = [[*dict.fromkeys(c.ops for c in edge.candidates)] for edge in (one, two)]
    if ops[0] != ops[1]:
        both = [" | ".join(dict.fromkeys(c.text for c in e.candidates)) for e in (one, two)]
        return f"`{one.text}` is `{both[0]}`, but `{two.text}` is `{both[1]}`"
    if [*map(_between, one.candidates)] != [*map(_between, two.candidates)]:
        return f"`{one.text}` and `{two.text}` lead between other sizes"
    if (one.axes, one.table) != (two.axes, two.table):
        return f"`{one.text}` and `{two.text}` depend on different choices"
    shapes = [
        (program.nodes[edge.source].shape, edge_target(edge, program.nodes, _before(edge, program)))
        for edge in (one, two)
    ]
    for candidate in one.candidates:
        if not _has_same_weights(candidate, *shapes):
            shown = [" -> ".join(map(show_shape, pair)) for pair in shapes]
            return (
                f"`{candidate.text}` has other weights: `{one.text}` is {shown[0]}, but "
                f"`{two.text}` is {shown[1]}"
            )
    return None


def _between(candidate: Pipeline) -> tuple:
    """What its weights depend on: their resolution may be another."""
    return candidate.ops, *(end and end[0] for end in candidate.ends)


def _before(edge: Edge, program: Elaboration) -> Shapes:
    """What the edges before it bring to its node, where its merge goes by that; as far as they are
    sound, which is seen to later."""
    if not program.nodes[edge.target].merge.spec.parts:
        return ()
    found: Shapes = ()
    into = (e for e in program.edges if e.target == edge.target)
    for other in takewhile(lambda e: e.name != edge.name, into):
        source, target = program.nodes[other.source], edge_target(other, program.nodes, found)
        computed = next((c for c in other.candidates if not c.is_none), NONE)
        with suppress(ShapeFault):
            found += (computed.shapes(source.shape, target)[-1],)
    return found


def _has_same_weights(
    candidate: Pipeline, one: tuple[Shape, Shape], two: tuple[Shape, Shape]
) -> bool:
    """Whether its weights have the same shapes from and to these."""
    if one == two or candidate.is_none:
        return True
    try:
        first, second = candidate.shapes(*one), candidate.shapes(*two)
    except ShapeFault:
        return True  # that is reported by itself
    ends = zip(first, first[1:], second, second[1:], strict=False)
    for op, (before, after, other, behind) in zip(candidate.ops, ends, strict=True):
        fixed = op.traits.stateless or op.traits.by_channels
        if not fixed and (before, after, one[1]) != (other, behind, two[1]):
            return False
        if _channels(before, after) != _channels(other, behind):
            return False
    return True


def _channels(*shapes: Shape) -> list[tuple[int, int]]:
    """What the weights of most operations depend on: vectors and maps have other layers."""
    return [(len(shape), shape[0]) for shape in shapes]
