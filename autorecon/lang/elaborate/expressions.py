"""Expressions to values: whole-number arithmetic that must come out exact."""

from __future__ import annotations

import operator
from collections.abc import Mapping

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.operations.spec import show_value
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

Number = int | float | bool
MAX_NUMBER = 1 << 62


class Unknown:
    """The value of something already reported: whatever depends on it is not reported again."""


UNKNOWN = Unknown()
_FOR_ARGUMENTS = "texts are arguments of operations of your own"
_OPERATORS = {"+": operator.add, "-": operator.sub, "*": operator.mul, "%": operator.mod}
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
# A number, a truth value or a text.
Known = Number | str
Scope = Mapping[str, Known | Unknown]


def evaluate(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Known | Unknown:
    """The value of an expression, or UNKNOWN after reporting why there is none."""
    match expr:
        case s.Number() | s.Boolean():
            return bounded(expr.value, expr.span, faults)
        case s.Text():
            return expr.value
        case s.Reference():
            return _lookup(expr, scope, faults)
        case s.Negative():
            value = numeric(expr.operand, scope, faults)
            return value if isinstance(value, Unknown) else -value
        case s.Opposite():
            truth = condition(expr.operand, scope, faults)
            return truth if isinstance(truth, Unknown) else not truth
        case s.Chain() if expr.rest[0][0] in ("and", "or"):
            return _connected(expr, scope, faults)
        case s.Chain():
            return _chain(expr, scope, faults)
    raise AssertionError(expr)


def numeric(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Number | Unknown:
    """A value that is no text, or UNKNOWN after reporting why there is none."""
    value = evaluate(expr, scope, faults)
    if not isinstance(value, str):
        return value
    message = f"{show_value(value)} is a text, and no number: {_FOR_ARGUMENTS}"
    faults.report("E0301", message, expr.span)
    return UNKNOWN


def condition(expr: s.Expr, scope: Scope, faults: Diagnostics) -> bool | Unknown:
    """A truth value, or UNKNOWN after reporting why there is none."""
    value = evaluate(expr, scope, faults)
    if isinstance(value, bool | Unknown):
        return value
    message = f"a condition is true or false, not {show_value(value)}"
    faults.report("E0301", message, expr.span, "compare: `==`, `!=`, `<`, `<=`, `>`, `>=`")
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
    value = evaluate(expr, scope, faults)
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


def _lookup(expr: s.Reference, scope: Scope, faults: Diagnostics) -> Known | Unknown:
    if expr.name in scope:
        return scope[expr.name]
    if expr.name in ("True", "False"):
        right, message = expr.name.lower(), f"unknown name `{expr.name}`"
        fixes = (Fix.of(expr.span, right, safe=True),)
        faults.report("E0201", message, expr.span, f"write `{right}`", fixes=fixes)
    elif not faults.again("E0201", expr.name, expr.span):
        faults.unknown("E0201", f"unknown name `{expr.name}`", expr.span, expr.name, scope)
    return UNKNOWN


def _chain(expr: s.Chain, scope: Scope, faults: Diagnostics) -> Known | Unknown:
    total = evaluate(expr.first, scope, faults)
    for sign, operand in expr.rest:
        right = evaluate(operand, scope, faults)
        if isinstance(total, Unknown) or isinstance(right, Unknown):
            total = UNKNOWN
            continue
        total = _apply(sign, total, right, expr, faults)
    return total


def _apply(
    sign: str, left: Known, right: Known, expr: s.Chain, faults: Diagnostics
) -> Number | Unknown:
    if sign in ("==", "!=") and _kind(left) == _kind(right):
        equal: bool = _COMPARISONS[sign](left, right)
        return equal
    if isinstance(left, str) or isinstance(right, str):
        faults.report("E0301", f"`{sign}` needs numbers: {_FOR_ARGUMENTS}", expr.span)
        return UNKNOWN
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


def _kind(value: Known) -> type:
    """Numbers are compared with numbers, others with their like."""
    return type(value) if isinstance(value, bool | str) else float


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
