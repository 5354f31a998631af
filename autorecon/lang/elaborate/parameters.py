"""A space's parameters: their values, of the type and in the range that the header gives them."""

from __future__ import annotations

from collections.abc import Mapping

from autorecon.lang.diagnostics.faults import Diagnostics, did_you_mean
from autorecon.lang.elaborate.declarations import report_twice
from autorecon.lang.elaborate.expressions import UNKNOWN, Number, Unknown, bounded, evaluate, number
from autorecon.lang.operations.spec import show_value
from autorecon.lang.syntax import tree as s

_KINDS = {bool: "true or false", int: "a whole number", float: "a number"}
Bound = dict[str, Number | Unknown]


def bind_parameters(
    header: s.SpaceHeader, given: Mapping[str, Number], faults: Diagnostics
) -> Bound:
    """The value of each parameter: the given one, else its default."""
    scope: Bound = {}
    for parameter in header.parameters:
        name = parameter.name.text
        if name in scope:
            report_twice(parameter.name, faults)
        value = _given(parameter, given[name], scope, faults) if name in given else None
        if value is None and parameter.default:
            value = _default(parameter, scope, faults)
        scope[name] = UNKNOWN if value is None else _within(parameter, value, scope, faults)
    for name in given:
        if name not in scope:
            help = did_you_mean(name, scope)
            message = f"`{header.name.text}` has no parameter `{name}`"
            faults.report("E0208", message, header.name.span, help)
    return scope


def following(header: s.SpaceHeader, values: Mapping[str, Number]) -> frozenset[str]:
    """The parameters that need not be given, since their defaults, made of others, are as here."""
    defaults = {p.name.text: p.default for p in header.parameters if p.default}
    return frozenset(
        name
        for name, default in defaults.items()
        if isinstance(evaluate(default, {}, Diagnostics()), Unknown)
        and evaluate(default, values, Diagnostics()) == values.get(name)
    )


def _default(parameter: s.Parameter, scope: Bound, faults: Diagnostics) -> Number | Unknown:
    value = evaluate(parameter.default, scope, faults) if parameter.default else UNKNOWN
    if not isinstance(value, tuple | str):
        return value
    name, kind = parameter.name.text, "text" if isinstance(value, str) else "list"
    message = f"`{name}` is a {kind}: a space's parameters are numbers, true or false"
    help = f"write `let {name} = {show_value(value)}`"
    help += ", or a parameter for each entry" * (kind == "list")
    faults.report("E0301", message, parameter.span, help)
    return UNKNOWN


def _given(
    parameter: s.Parameter, value: Number, scope: Bound, faults: Diagnostics
) -> Number | Unknown:
    """What is set from outside, if it is of the default's type."""
    if not isinstance(value, int | float):
        message = f"`{parameter.name.text}` is a number, or true or false; it was set to {value!r}"
        faults.report("E0301", message, parameter.name.span)
        return UNKNOWN
    if isinstance(bounded(value, parameter.name.span, faults), Unknown):
        return UNKNOWN
    # A default that is replaced need not have a value itself.
    default = _default(parameter, scope, Diagnostics())
    if type(default) is float and type(value) is int:
        return float(value)
    if not isinstance(default, Unknown) and type(value) is not type(default):
        kind = _KINDS[type(default)]
        message = f"`{parameter.name.text}` is {kind}; it was set to {show_value(value)}"
        faults.report("E0301", message, parameter.name.span)
        return UNKNOWN
    return value


def _within(
    parameter: s.Parameter, value: Number | Unknown, scope: Bound, faults: Diagnostics
) -> Number | Unknown:
    if parameter.bounds is None:
        return value
    least, most = (number(bound, scope, faults) for bound in parameter.bounds)
    if isinstance(value, Unknown) or isinstance(least, Unknown) or isinstance(most, Unknown):
        return UNKNOWN
    if any(isinstance(number, bool) for number in (value, least, most)):
        message = f"`{parameter.name.text}` has a range, which needs numbers"
        faults.report("E0301", message, parameter.span)
        return UNKNOWN
    if not least <= value <= most:
        shown = f"{show_value(least)} to {show_value(most)}"
        message = f"`{parameter.name.text}` is {shown}, not {show_value(value)}"
        faults.report("E0303", message, parameter.name.span)
        return UNKNOWN
    return value
