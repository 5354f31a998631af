"""Expressions to values: whole-number arithmetic that must come out exact, and lists."""

from __future__ import annotations

import operator
from collections.abc import Mapping

import attrs

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.spec import Entries, show_value
from autorecon.lang.program.sizes import Decided
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

Number = int | float | bool
Value = Number | str | Entries
MAX_NUMBER = 1 << 62
MAX_ENTRIES = 256  # of a list


class Unknown:
    """The value of something already reported: whatever depends on it is not reported again."""


UNKNOWN = Unknown()
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod}
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
Scope = Mapping[str, Value | Decided | Unknown]
# Choices that a place sees, without their indices: what stands before the name, `B1.` or nothing.
Visible = Mapping[str, str]


class Values(dict[str, "Value | Decided | Unknown"]):
    """Names and their values; `own` are those declared in this scope, not around it.

    `choices` are those that this scope sees. `indexed` are choices of sizes that have an index, by
    their full names, wherever they are declared.
    """

    def __init__(
        self, around: Scope, own: Scope | None = None, choices: Visible | None = None
    ) -> None:
        super().__init__(around)
        self.update(own or {})
        self.own = set(own or ())
        outer = around if isinstance(around, Values) else None
        # An empty one is false.
        self.indexed: dict[str, Decided | Unknown] = {} if outer is None else outer.indexed
        self.choices: Visible = {} if outer is None else outer.choices
        if choices:
            self.choices = {**self.choices, **choices}


def evaluate(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Value | Unknown:
    """The value of an expression, or UNKNOWN after reporting why there is none."""
    return undecided(sized(expr, scope, faults), expr, faults)


def undecided(
    value: Value | Decided | Unknown, expr: s.Expr, faults: Diagnostics
) -> Value | Unknown:
    """The same, or UNKNOWN after reporting that a choice decides it."""
    if not isinstance(value, Decided):
        return value
    message = f"`{expr.span.text}` is decided by the choice `{value.choice}`: a number stands here"
    help = "what is decided may be a size of a node, a `let`, an argument of a block and, if it is "
    help += "`apart`, a whole number that an operation takes"
    faults.report("E0306", message, expr.span, help)
    return UNKNOWN


def sized(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Value | Decided | Unknown:
    """The same where it may be decided by a choice of sizes."""
    match expr:
        case s.Number() | s.Boolean():
            return bounded(expr.value, expr.span, faults)
        case s.Text():
            return expr.value
        case s.Reference():
            return _lookup(expr, scope, faults)
        case s.Negative():
            value = _operand(expr.operand, scope, faults)
            if isinstance(value, Decided):
                return attrs.evolve(value, values=tuple(-each for each in value.values))
            return value if isinstance(value, Unknown) else -value
        case s.Opposite():
            truth = condition(expr.operand, scope, faults)
            return truth if isinstance(truth, Unknown) else not truth
        case s.Chain() if expr.rest[0][0] in ("and", "or"):
            return _connected(expr, scope, faults)
        case s.Chain():
            return _chain(expr, scope, faults)
        case s.Conditional():
            return _conditional(expr, scope, faults)
        case s.Listing():
            return _listing(expr, scope, faults)
        case s.Entry():
            return _entry(expr, scope, faults)
        case s.Applied():
            return _applied(expr, scope, faults)
    raise AssertionError(expr)


def condition(expr: s.Expr, scope: Scope, faults: Diagnostics) -> bool | Unknown:
    """A truth value, or UNKNOWN after reporting why there is none."""
    value = evaluate(expr, scope, faults)
    if isinstance(value, bool | Unknown):
        return value
    message = f"a condition is true or false, not {show_value(value)}"
    faults.report("E0301", message, expr.span, "compare: `==`, `!=`, `<`, `<=`, `>`, `>=`")
    return UNKNOWN


def number(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Number | Unknown:
    """A number or truth value, or UNKNOWN after reporting why there is none."""
    value = _operand(expr, scope, faults)
    found = undecided(value, expr, faults)
    return found if not isinstance(found, tuple | str) else UNKNOWN


def _operand(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Number | Decided | Unknown:
    """The same where it may be decided."""
    value = sized(expr, scope, faults)
    if not isinstance(value, tuple | str):
        return value
    help = f"name an entry: `{expr.name}[0]`" if isinstance(expr, s.Reference) else None
    if isinstance(value, str):
        help = "texts are arguments of operations of your own"
    faults.report("E0301", f"a number is needed here, not {show_value(value)}", expr.span, help)
    return UNKNOWN


def _conditional(
    expr: s.Conditional, scope: Scope, faults: Diagnostics
) -> Value | Decided | Unknown:
    """Only the value that is taken is looked at: `8 / n if n > 0 else 8`."""
    for value, requirement in expr.branches:
        holds = condition(requirement, scope, faults)
        if isinstance(holds, Unknown):
            return UNKNOWN
        if holds:
            return sized(value, scope, faults)
    return sized(expr.otherwise, scope, faults)


def _listing(expr: s.Listing, scope: Scope, faults: Diagnostics) -> Entries | Unknown:
    if len(expr.entries) > MAX_ENTRIES:
        message = f"a list of {len(expr.entries):,} entries"
        faults.report("E0305", message, expr.span, f"at most {MAX_ENTRIES:,} make a list")
        return UNKNOWN
    entries = [number(entry, scope, faults) for entry in expr.entries]
    known = tuple(entry for entry in entries if not isinstance(entry, Unknown))
    return known if len(known) == len(entries) else UNKNOWN


def _entry(expr: s.Entry, scope: Scope, faults: Diagnostics) -> Number | Decided | Unknown:
    name = expr.name.text
    if isinstance(scope, Values) and name in scope.choices and name not in scope:
        return _indexed(expr, scope, faults)
    reference = s.Reference(name, expr.name.span)
    entries = undecided(_lookup(reference, scope, faults), reference, faults)
    place = number(expr.place, scope, faults)
    if isinstance(entries, Unknown) or isinstance(place, Unknown):
        return UNKNOWN
    if not isinstance(entries, tuple):
        faults.report("E0301", f"`{name}` is {show_value(entries)} and no list", expr.span)
    elif isinstance(place, bool) or not isinstance(place, int):
        message = f"a place in a list is a whole number, not {show_value(place)}"
        faults.report("E0301", message, expr.place.span)
    elif not 0 <= place < len(entries):
        entry = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
        message = f"`{name}` has {entry}, from 0 to {len(entries) - 1}: there is no {place}"
        faults.report("E0303", message, expr.place.span)
    else:
        return entries[place]
    return UNKNOWN


def _indexed(expr: s.Entry, scope: Values, faults: Diagnostics) -> Decided | Unknown:
    """The choice of sizes that is called so, as `width[2]`."""
    name = expr.name.text
    place = whole(expr.place, scope, faults, "an index", 0, MAX_NUMBER)
    full, within = f"{name}[{place}]", scope.choices[name]
    known = scope.indexed
    if place is None or f"{within}{name}" in known:
        return UNKNOWN
    if f"{within}{full}" not in known and not faults.again("E0201", full, expr.span):
        names = [one.removeprefix(within) for one in known if one.startswith(within)]
        faults.unknown("E0201", f"no choice of sizes `{full}` above", expr.span, full, names)
    return known.get(f"{within}{full}", UNKNOWN)


def _applied(expr: s.Applied, scope: Scope, faults: Diagnostics) -> Number | Unknown:
    name = expr.name.text
    if name not in FUNCTIONS:
        if not faults.again("E0201", f"{name}()", expr.name.span):
            message = f"unknown function `{name}`"
            faults.unknown("E0201", message, expr.name.span, name, FUNCTIONS)
        return UNKNOWN
    values = [evaluate(argument, scope, faults) for argument in expr.arguments]
    known = [value for value in values if not isinstance(value, Unknown)]
    if len(known) < len(values):
        return UNKNOWN
    found = FUNCTIONS[name].of(known)
    if not isinstance(found, str):
        return bounded(found, expr.span, faults)
    faults.report("E0301", f"`{name}` {found}", expr.span)
    return UNKNOWN


def _connected(expr: s.Chain, scope: Scope, faults: Diagnostics) -> bool | Unknown:
    """`and` and `or` stop where the rest makes no difference: `n > 0 and 8 % n == 0`."""
    decisive = expr.rest[0][0] == "or"
    for operand in (expr.first, *(operand for _, operand in expr.rest)):
        value = condition(operand, scope, faults)
        if value is decisive or isinstance(value, Unknown):
            return value
    return not decisive


def whole(
    expr: s.Expr, scope: Scope, faults: Diagnostics, what: str, least: int, most: int
) -> int | None:
    """A whole number in a range, or None after reporting why not."""
    return whole_number(evaluate(expr, scope, faults), expr, faults, what, least, most)


def whole_number(
    value: Value | Unknown, expr: s.Expr, faults: Diagnostics, what: str, least: int, most: int
) -> int | None:
    """The same of the value of an expression."""
    if isinstance(value, Unknown):
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        faults.report("E0301", f"{what} must be a whole number, not {show_value(value)}", expr.span)
        return None
    if not least <= value <= most:
        code = "E0305" if value > most else "E0303"
        faults.report(code, f"{what} must be {least} to {most:,}, not {value:,}", expr.span)
        return None
    return value


def _lookup(expr: s.Reference, scope: Scope, faults: Diagnostics) -> Value | Decided | Unknown:
    if expr.name in scope:
        return scope[expr.name]
    if expr.name in ("True", "False"):
        right, message = expr.name.lower(), f"unknown name `{expr.name}`"
        fixes = (Fix.of(expr.span, right, safe=True),)
        faults.report("E0201", message, expr.span, f"write `{right}`", fixes=fixes)
    elif isinstance(scope, Values) and any(f"{expr.name}[" in one for one in scope.indexed):
        message = f"`{expr.name}` has an index"
        faults.report("E0201", message, expr.span, f"name one of these choices: `{expr.name}[1]`")
    elif not faults.again("E0201", expr.name, expr.span):
        faults.unknown("E0201", f"unknown name `{expr.name}`", expr.span, expr.name, scope)
    return UNKNOWN


def _chain(expr: s.Chain, scope: Scope, faults: Diagnostics) -> Number | Decided | Unknown:
    total = _operand(expr.first, scope, faults)
    for sign, operand in expr.rest:
        right = _operand(operand, scope, faults)
        if isinstance(total, Unknown) or isinstance(right, Unknown):
            total = UNKNOWN
            continue
        if isinstance(total, Decided) or isinstance(right, Decided):
            total = _apply_each(sign, total, right, expr, faults)
        else:
            total = _apply(sign, total, right, expr, faults)
    return total


def _apply_each(
    sign: str, left: Number | Decided, right: Number | Decided, expr: s.Chain, faults: Diagnostics
) -> Decided | Unknown:
    """Of what is decided, for each option."""
    decided = [side for side in (left, right) if isinstance(side, Decided)]
    choices = [side.choice for side in decided]
    message = help = None
    if sign in _COMPARISONS:
        message = f"a condition on what the choice `{choices[0]}` decides"
        help = "conditions are about values; `rule` is about choices"
    elif len({*choices}) > 1:
        message = f"two choices decide this: `{choices[0]}` and `{choices[1]}`"
        help = "give a size to one choice alone"
    if message:
        faults.report("E0306", message, expr.span, help)
        return UNKNOWN
    count = len(decided[0].values)
    sides = [s.values if isinstance(s, Decided) else (s,) * count for s in (left, right)]
    values = []
    for one, other in zip(*sides, strict=True):
        value = _apply(sign, one, other, expr, faults)
        if isinstance(value, Unknown):
            return UNKNOWN
        values.append(value)
    return attrs.evolve(decided[0], values=tuple(values))


def _apply(
    sign: str, left: Number, right: Number, expr: s.Chain, faults: Diagnostics
) -> Number | Unknown:
    if sign in ("==", "!=") and isinstance(left, bool) == isinstance(right, bool):
        return _COMPARISONS[sign](left, right)
    if isinstance(left, bool) or isinstance(right, bool):
        faults.report("E0301", f"`{sign}` needs numbers, not true or false", expr.span)
        return UNKNOWN
    if sign in "/%" and right == 0:
        faults.report("E0304", "division by zero", expr.span)
        return UNKNOWN
    if sign == "/":
        return _divide(left, right, expr, faults)
    if sign == "^":
        return _power(left, right, expr, faults)
    if sign in _COMPARISONS:
        return _COMPARISONS[sign](left, right)
    return bounded(_OPERATORS[sign](left, right), expr.span, faults)


def _power(base: Number, exponent: Number, expr: s.Chain, faults: Diagnostics) -> Number | Unknown:
    if not isinstance(exponent, int) or exponent < 0:
        message = f"an exponent is a whole number of at least 0, not {show_value(exponent)}"
        faults.report("E0301", message, expr.span)
        return UNKNOWN
    # Digits without end are never computed: beyond 1 in size, 62 doublings pass the largest number.
    if isinstance(base, int) and abs(base) > 1 and exponent > MAX_NUMBER.bit_length():
        return bounded(2 * MAX_NUMBER, expr.span, faults)
    try:
        return bounded(base**exponent, expr.span, faults)
    except OverflowError:
        return bounded(2 * MAX_NUMBER, expr.span, faults)


def _divide(left: Number, right: Number, expr: s.Chain, faults: Diagnostics) -> Number | Unknown:
    if isinstance(left, float) or isinstance(right, float):
        return bounded(left / right, expr.span, faults)
    if left % right:
        message = f"{left} / {right} is not a whole number"
        help = "sizes divide exactly; choose a multiple, or change the divisor"
        faults.report("E0301", message, expr.span, help)
        return UNKNOWN
    return left // right


def bounded(value: Number, span: Span, faults: Diagnostics) -> Number | Unknown:
    """The value itself, or UNKNOWN after reporting that it is infinite, no number, or too large."""
    if -MAX_NUMBER <= value <= MAX_NUMBER:
        return value
    faults.report("E0305", "the number is too large", span)
    return UNKNOWN
