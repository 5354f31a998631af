"""Budgets and rules: which architectures of a space count as such."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.edges import find_node
from autorecon.lang.elaborate.expressions import Scope, Unknown, numeric, whole
from autorecon.lang.elaborate.state import Elaboration, Values
from autorecon.lang.operations.catalogue import MAX_SIZE, OPERATIONS
from autorecon.lang.operations.spec import show_value
from autorecon.lang.program.candidates import Pipeline
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.program.rules import Limit, Rule
from autorecon.lang.syntax import tree as s

# What a budget is of, by its word in the language.
_BY_WORD = {measure.word: measure.name for measure in MEASURES}
NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def resolve_restrictions(program: Elaboration) -> tuple[tuple[Limit, ...], tuple[Rule, ...]]:
    """The limits and rules of a program whose nodes and edges are all there."""
    places = _Places.of(program.edges)
    limits, rules = [], []
    for statement, scope, block in program.restrictions:
        if isinstance(statement, s.Limit):
            limits.append(_limit(program, statement, scope))
        else:
            rules.append(_rule(program, statement, scope, block, places))
    return tuple(filter(None, limits)), tuple(filter(None, rules))


def _limit(program: Elaboration, statement: s.Limit, scope: Scope) -> Limit | None:
    word, faults = statement.measure, program.faults
    if word.text not in _BY_WORD:
        faults.unknown("E0209", f"unknown measure `{word.text}`", word.span, word.text, _BY_WORD)
    bound = _bound(statement.bound, scope, faults)
    if bound is None or word.text not in _BY_WORD:
        return None
    least, most = (0, bound) if statement.sign == "<=" else (bound, math.inf)
    text = f"limit {word.text} {statement.sign} {bound:,}"
    return Limit(text, _BY_WORD[word.text], least, most, statement.span)


def _bound(expr: s.Expr, scope: Scope, faults: Diagnostics) -> float | None:
    value = numeric(expr, scope, faults)
    if isinstance(value, Unknown):
        return None
    if isinstance(value, bool):
        faults.report("E0301", f"a limit is a number, not {show_value(value)}", expr.span)
    elif value < 0:
        faults.report("E0303", f"a limit is at least 0, not {show_value(value)}", expr.span)
    else:
        return value
    return None


def _rule(
    program: Elaboration,
    statement: s.Rule,
    scope: Values,
    block: str | None,
    places: _Places,
) -> Rule | None:
    count = _count(statement.count, scope, program.faults)
    found = [_option(program, expr, scope) for expr in statement.options]
    options = [option for option in found if option is not None]
    where = _where(program, statement, scope, block)
    if count is None or where is None or len(options) < len(found):
        return None
    preposition, place = where
    # Edges into a node whose `then` depends on a choice lead to what stands before it.
    into = program.entries.get(place, place) if preposition == "into" and place else place
    edges = places.edges(preposition, into)
    program.spend(len(edges), statement.span)
    words = "exactly" if statement.bound == "exactly" else f"at {statement.bound}"
    written = " | ".join(map(_written, options))
    text = f"rule {words} {count} {written}{_shown(*where)}"
    least = 0 if statement.bound == "most" else count
    most = math.inf if statement.bound == "least" else count
    return Rule(text, least, most, tuple(options), edges, statement.span)


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


def _option(program: Elaboration, expr: s.PipelineExpr, scope: Values) -> Pipeline | str | None:
    first = expr.calls[0]
    bare = len(expr.calls) == 1 and expr.span.text == first.name.text
    if bare and first.name.text in OPERATIONS and first.name.text not in program.declared.ops:
        return first.name.text
    found = program.pipeline(expr, scope)
    if found and found.choices:
        message = f"a rule counts candidates, and `{found.choices[0].text}` is a choice"
        program.faults.report("E0302", message, expr.span, "name its options instead")
        return None
    return found


def _written(option: Pipeline | str) -> str:
    """With parentheses where the bare name would count all that has the operation."""
    if isinstance(option, str):
        return option
    return f"{option.text}()" if option.text in OPERATIONS else option.text


def _where(
    program: Elaboration, statement: s.Rule, scope: Scope, block: str | None
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
class _Places:
    """The names of edges by where they are: into a node, from one, in an instance or anywhere."""

    found: Mapping[tuple[str, str | None], list[str]]

    @classmethod
    def of(cls, edges: Iterable[Edge]) -> _Places:
        found: dict[tuple[str, str | None], list[str]] = defaultdict(list)
        for edge in edges:
            where = {("into", edge.target), ("from", edge.source), ("in", edge.block), ("in", None)}
            for place in where:
                found[place].append(edge.name)
        return cls(found)

    def edges(self, preposition: str, name: str | None) -> tuple[str, ...]:
        return tuple(self.found.get((preposition, name), ()))
