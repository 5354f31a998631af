"""Budgets and rules: which architectures of a space count as such."""

from __future__ import annotations

import math

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.claims import Places, claim
from autorecon.lang.elaborate.expressions import Scope, Unknown, number
from autorecon.lang.elaborate.state import Elaboration, Values
from autorecon.lang.operations.spec import show_value
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.program.rules import Limit, Rule
from autorecon.lang.syntax import tree as s

# What a budget is of, by its word in the language.
_BY_WORD = {measure.word: measure.name for measure in MEASURES}


def resolve_restrictions(program: Elaboration) -> tuple[tuple[Limit, ...], tuple[Rule, ...]]:
    """The limits and rules of a program whose nodes and edges are all there."""
    places = Places.of(program.edges, program.nodes)
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
    value = number(expr, scope, faults)
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
    places: Places,
) -> Rule | None:
    found = [
        claim(program, written, scope, block, places)
        for written in (*statement.conditions, statement.claim)
    ]
    known = [one for one in found if one]
    if len(known) < len(found):
        return None
    program.spend(sum(len(count.edges) for _, count in known), statement.span)
    *conditions, (text, count) = known
    if not conditions:
        return Rule(f"rule {text}", (count,), statement.span)
    others = [other for _, condition in conditions for other in condition.complement()]
    given = " and ".join(text for text, _ in conditions)
    return Rule(f"rule if {given} then {text}", (*others, count), statement.span)
