"""What rules claim of edges and choices, as counts."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.choices import sizes_of
from autorecon.lang.elaborate.edges import find_node
from autorecon.lang.elaborate.expressions import Scope, whole
from autorecon.lang.elaborate.sharing import leaders
from autorecon.lang.elaborate.state import Elaboration, Values
from autorecon.lang.operations.catalogue import MAX_SIZE, OPERATIONS
from autorecon.lang.program.candidates import Pipeline, Size
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.rules import Count, is_option
from autorecon.lang.syntax import tree as s

NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def claim(
    program: Elaboration,
    written: s.Counted | s.Told,
    scope: Values,
    block: str | None,
    places: Places,
) -> tuple[str, Count] | None:
    """What is claimed, in words that do not depend on the place, and as a count."""
    if isinstance(written, s.Counted):
        return _counted(program, written, scope, block, places)
    if written.target is None:
        return _of_choice(program, written, scope, block)
    return _of_edge(program, written, scope, block, places)


def _counted(
    program: Elaboration,
    written: s.Counted,
    scope: Values,
    block: str | None,
    places: Places,
) -> tuple[str, Count] | None:
    count = _count(written.count, scope, program.faults)
    options = _options(program, written.options, scope)
    where = _where(program, written, scope, block)
    if count is None or where is None or options is None:
        return None
    preposition, place = where
    # Edges into a node whose `then` depends on a choice lead to what stands before it.
    into = program.entries.get(place, place) if preposition == "into" and place else place
    words = "exactly" if written.bound == "exactly" else f"at {written.bound}"
    text = f"{words} {count} {_shown_options(options)}{_shown(*where)}"
    least = 0 if written.bound == "most" else count
    most = math.inf if written.bound == "least" else count
    return text, Count(least, most, options, places.edges(preposition, into))


def _of_edge(
    program: Elaboration, written: s.Told, scope: Values, block: str | None, places: Places
) -> tuple[str, Count] | None:
    """`a -> b = conv(3)`: whether the one edge chooses one of these."""
    assert written.target
    _, start, source = find_node(program, written.source, scope, block)
    _, end, target = find_node(program, written.target, scope, block)
    options = _options(program, written.options, scope)
    if source is None or target is None or options is None:
        return None
    edge = places.between(source, program.entries.get(target, target))
    if edge is None:
        if not program.lacks_edges:
            span = written.source.span.to(written.target.span)
            message = f"there is no edge `{start} -> {end}`"
            program.faults.report("E0204", message, span, "declare it, or name another")
        return None
    known = [candidate.text for candidate in edge.candidates]
    _warn_of_absent(program, written, options, edge.candidates, known)
    sign, bounds = _told(written)
    text = f"{edge.text} {sign} {_shown_options(options)}"
    return text, Count(*bounds, options, (edge.name,), is_counted=False)


def _of_choice(
    program: Elaboration, written: s.Told, scope: Values, block: str | None
) -> tuple[str, Count] | None:
    """`norm = bn`: whether the choice takes one of these options."""
    name = program.path(written.source, scope)
    if name is None:
        return None
    full = f"{block}.{name}" if block else name
    choice = program.choices.get(full) or program.choices.get(name)
    sized = choice is not None and bool(sizes_of(choice.options))
    exprs = [_as_value(expr, scope) if sized else expr for expr in written.options]
    options = _options(program, exprs, scope, of_choices=True)
    if choice is None or options is None:
        if choice is None and not (program.is_broken(name) or program.is_broken(full)):
            message = f"unknown choice `{name}`"
            program.faults.unknown(
                "E0202", message, written.source.span, name, program.visible(block)
            )
        return None
    known = [option.text for option in choice.options]
    _warn_of_absent(program, written, options, choice.options, known)
    leader = leaders(names for _, names in program.shared).get(choice.name, choice.name)
    edge = next((edge for edge in program.edges if leader in edge.axes), None)
    if edge is None:
        if not program.lacks_edges:
            message = f"`{choice.name}` leaves nothing to choose"
            help = "a rule is about a choice of several options, which an edge depends on"
            program.faults.report("E0302", message, written.source.span, help)
        return None
    places = frozenset(
        place
        for place, option in enumerate(choice.options)
        if any(is_option(option, wanted) for wanted in options)
    )
    sign, bounds = _told(written)
    text = f"{choice.name} {sign} {_shown_options(options)}"
    return text, Count(*bounds, options, (edge.name,), leader, places, is_counted=False)


def _as_value(expr: s.PipelineExpr | s.Expr, scope: Scope) -> s.Expr | s.PipelineExpr:
    """Where a size may stand, the name of a value, which reads as an operation's."""
    text = expr.span.text
    return s.Reference(text, expr.span) if text in scope else expr


def _told(written: s.Told) -> tuple[str, tuple[float, float]]:
    """The sign, and how often it is to be so, of once."""
    return ("!=", (0, 0)) if written.differs else ("=", (1, math.inf))


def _warn_of_absent(
    program: Elaboration,
    written: s.Told,
    options: Iterable[Pipeline | str],
    offered: Iterable[Pipeline],
    known: Sequence[str],
) -> None:
    """Report options that are never chosen."""
    for option, expr in zip(options, written.options, strict=True):
        if not any(is_option(candidate, option) for candidate in offered):
            message = f"`{_written(option)}` cannot be chosen there"
            program.faults.unknown("W0803", message, expr.span, _written(option), known)


def _count(expr: s.Expr, scope: Scope, faults: Diagnostics) -> int | None:
    """A whole number: an expression, a value's name, or a word that no value has for its name."""
    if isinstance(expr, s.Reference) and expr.name not in scope:
        if expr.name in NUMBERS:
            return NUMBERS.index(expr.name) + 1
        faults.unknown(
            "E0201", f"unknown number `{expr.name}`", expr.span, expr.name, (*scope, *NUMBERS)
        )
        return None
    return whole(expr, scope, faults, "what a rule counts to", 0, MAX_SIZE)


def _options(
    program: Elaboration,
    written: Iterable[s.PipelineExpr | s.Expr],
    scope: Values,
    of_choices: bool = False,
) -> tuple[Pipeline | str, ...] | None:
    found = [_option(program, expr, scope, of_choices) for expr in written]
    options = tuple(option for option in found if option is not None)
    return options if len(options) == len(found) else None


def _option(
    program: Elaboration, expr: s.PipelineExpr | s.Expr, scope: Values, of_choice: bool
) -> Pipeline | str | None:
    if not isinstance(expr, s.PipelineExpr):
        size = program.size(expr, scope, "a size")
        return Pipeline((Size(str(size), (), size),)) if size else None
    first = expr.calls[0]
    bare = len(expr.calls) == 1 and expr.span.text == first.name.text
    if bare and first.name.text in OPERATIONS and first.name.text not in program.declared.ops:
        return first.name.text
    found = program.pipeline(expr, scope)
    if found and found.choices and not of_choice:
        message = f"a rule counts candidates, and `{found.choices[0].text}` is a choice"
        program.faults.report("E0302", message, expr.span, "name its options instead")
        return None
    return found


def _shown_options(options: Iterable[Pipeline | str]) -> str:
    return " | ".join(map(_written, options))


def _written(option: Pipeline | str) -> str:
    """With parentheses where the bare name would count all that has the operation."""
    if isinstance(option, str):
        return option
    return f"{option.text}()" if option.text in OPERATIONS else option.text


def _where(
    program: Elaboration, statement: s.Counted, scope: Scope, block: str | None
) -> tuple[str, str | None] | None:
    """The preposition and the node or instance, or None after reporting an unknown one."""
    if statement.place is None:
        return "in", block
    preposition, path = statement.place
    if preposition == "in":
        name = program.path(path, scope)
        return None if name is None else _instance(program, name, path, block)
    _, _, node = find_node(program, path, scope, block)
    return None if node is None else (preposition, node)


def _instance(
    program: Elaboration, name: str, path: s.Path, block: str | None
) -> tuple[str, str] | None:
    if block is None and name in program.instances:
        return None if program.is_broken(name) else ("in", name)
    if not program.is_broken(name):
        message = f"no block instance `{name}` here"
        if block is None:
            program.faults.unknown("E0205", message, path.span, name, program.instances)
        else:
            help = "a rule inside a block is about each of its instances: leave this out"
            program.faults.report("E0205", message, path.span, help)
    return None


def _shown(preposition: str, name: str | None) -> str:
    return f" {preposition} {name}" if name else ""


@attrs.frozen
class Places:
    """The names of edges by where they are: into a node, from one, in an instance or anywhere."""

    found: Mapping[tuple[str, str | None], list[str]]
    by_ends: Mapping[tuple[str, str], Edge]

    @classmethod
    def of(cls, edges: Sequence[Edge], nodes: Mapping[str, Node]) -> Places:
        """Without what nodes apply that are two only because their sizes are decided."""
        found: dict[tuple[str, str | None], list[str]] = defaultdict(list)
        by_ends = {(edge.source, edge.target): edge for edge in edges}
        for edge in edges:
            sizes = nodes[edge.target].sizes
            if sizes and sizes.alone and edge.source == f"{edge.target}.merge":
                continue
            where = {("into", edge.target), ("from", edge.source), ("in", edge.block), ("in", None)}
            for place in where:
                found[place].append(edge.name)
        return cls(found, by_ends)

    def edges(self, preposition: str, name: str | None) -> tuple[str, ...]:
        return tuple(self.found.get((preposition, name), ()))

    def between(self, source: str, target: str) -> Edge | None:
        return self.by_ends.get((source, target))
