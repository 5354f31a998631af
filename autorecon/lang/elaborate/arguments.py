"""What is given to operations, merges, definitions and blocks, by the names of their parameters."""

from __future__ import annotations

from collections.abc import Mapping

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostics, did_you_mean
from autorecon.lang.elaborate.expressions import (
    UNKNOWN,
    Scope,
    Unknown,
    evaluate,
    sized,
    undecided,
)
from autorecon.lang.elaborate.expressions import Value as Given
from autorecon.lang.operations.catalogue import MAX_SIZE, LabelInput, Param, Value
from autorecon.lang.operations.merges import MergeSpec
from autorecon.lang.operations.spec import Signature, show_value
from autorecon.lang.program.candidates import Op
from autorecon.lang.program.merging import Merging
from autorecon.lang.program.sizes import Decided
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

# The file's label inputs by name; those that are not sound are UNKNOWN.
Labels = Mapping[str, LabelInput | Unknown]

_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotes",
}


def call_scope(
    call: s.Call | s.Instance,
    parameters: tuple[s.Parameter, ...],
    scope: Scope,
    outer: Scope,
    faults: Diagnostics,
) -> dict | None:
    """Values for the parameters of a definition or block, or None after reporting a misfit.

    Arguments see what the caller sees, defaults the file's names and the parameters before them.
    """
    what = call.name.text if isinstance(call, s.Call) else call.block.text
    needed = {p.name.text: p.default is None for p in parameters}
    form = f"{what}({', '.join(p.span.text for p in parameters)})"
    given = _by_name(call, what, needed, form, faults)
    if given is None:
        return None
    read = sized if isinstance(call, s.Instance) else _read
    values = {name: read(argument.value, scope, faults) for name, argument in given.items()}
    bound: dict = {}
    for parameter in parameters:
        name = parameter.name.text
        if name in values or parameter.default is None:
            bound[name] = values[name]
        else:
            bound[name] = read(parameter.default, {**outer, **bound}, faults)
    return bound


def _read(expr: s.Expr, scope: Scope, faults: Diagnostics) -> Given | Decided | Unknown:
    """What may be an argument of an operation: of what is decided, what is apart."""
    value = sized(expr, scope, faults)
    return value if isinstance(value, Decided) and value.apart else undecided(value, expr, faults)


def _by_name(
    call: s.Call | s.Instance, what: str, needed: Mapping[str, bool], form: str, faults: Diagnostics
) -> dict[str, s.Argument] | None:
    """The arguments by the names of the parameters, or None after reporting a misfit.

    `needed` says of each parameter, in order, whether it must be given.
    """
    given: dict[str, s.Argument] = {}
    names, help, sound = [*needed], f"it is `{form}`", True
    for index, argument in enumerate(call.arguments):
        name = argument.name or (names[index] if index < len(names) else None)
        if name and name in needed and name not in given:
            given[name] = argument
            continue
        wrong = f"has no argument `{name}`" if name else f"takes {len(names) or 'no'} arguments"
        message = f"`{name}` is given twice" if name in given else f"`{what}` {wrong}"
        faults.report("E0302", message, argument.span, help)
        sound = False
    missing = [name for name in needed if needed[name] and name not in given]
    if sound and missing:
        message = f"`{what}` misses `{'`, `'.join(missing)}`"
        faults.report("E0302", message, call.span, help)
    return given if sound and not missing else None


def merging(call: s.Call, spec: MergeSpec, scope: Scope, faults: Diagnostics) -> Merging | None:
    """A merge with its arguments, or None after reporting what is wrong with them."""
    values = bind(call, spec, scope, {}, faults)
    return None if values is None else Merging(spec.name, values)


def bind(
    call: s.Call,
    spec: Signature,
    scope: Scope,
    labels: Labels,
    faults: Diagnostics,
    may_vary: bool = False,
) -> tuple | None:
    needed = {p.name: p.required for p in spec.params}
    given = _by_name(call, spec.name, needed, spec.text, faults)
    if given is None:
        return None
    values: list[Value | Decided] = []
    for param in spec.params:
        if param.name not in given:
            values.append(param.default)
            continue
        argument = given[param.name]
        value = (
            _label(argument, spec.name, scope, labels, faults)
            if param.type is LabelInput
            else _argument(argument, call, param, scope, faults, may_vary)
        )
        if not isinstance(value, Unknown):
            values.append(value)
    return None if len(values) < len(needed) else tuple(values)


def warn_of_elsewhere(call: s.Call, op: Op, faults: Diagnostics) -> None:
    """Warns of what stands, without its name, where torch has something else."""
    for argument, param in zip(call.arguments, op.spec.params, strict=False):
        value = op.args[param.name]
        if argument.name or not param.elsewhere or value == param.default:
            continue
        named = f"{param.name}={argument.value.span.text}"
        message = f"{show_value(value)} is the `{param.name}` of `{op.name}`"
        help = f"torch has {param.elsewhere} there: write `{named}` if it is meant, or leave it out"
        if param.name == "dilation":
            given = argument.value.span.text
            help += f"; a stride is `stride={given}`, channels are `out={given}`"
        fixes = (_without(argument, call), Fix.of(argument.span, named))
        faults.report("W0302", message, argument.span, help, op.text, fixes=fixes)


def _without(argument: s.Argument, call: s.Call) -> Fix:
    """The call without one of its arguments; nobody knows whether that was meant."""
    spans = [a.span for a in call.arguments]
    index, source = spans.index(argument.span), argument.span.source
    if len(spans) == 1:
        return Fix.of(Span(call.name.span.end, call.span.end, source), "")
    if index:
        return Fix.of(Span(spans[index - 1].end, spans[index].end, source), "")
    return Fix.of(Span(spans[0].start, spans[1].start, source), "")


def _label(
    argument: s.Argument, op: str, scope: Scope, labels: Labels, faults: Diagnostics
) -> LabelInput | Unknown:
    """The label input that an argument names. A parameter of that name hides it."""
    name = argument.value.name if isinstance(argument.value, s.Reference) else None
    if name is None or name in scope:
        if name is None or not isinstance(scope[name], Unknown):
            message = f"`{op}` needs the name of a label input here"
            help = f"as in `{op}({next(iter(labels), 'y')})`"
            faults.report("E0301", message, argument.value.span, help)
        return UNKNOWN
    if name not in labels:
        help = did_you_mean(name, labels) if labels else f"declare `input {name}: label(classes)`"
        faults.report("E0204", f"no label input `{name}`", argument.value.span, help)
        return UNKNOWN
    return labels[name]


def _argument(
    argument: s.Argument,
    call: s.Call,
    param: Param,
    scope: Scope,
    faults: Diagnostics,
    may_vary: bool,
) -> Value | Decided | Unknown:
    value = (_read if may_vary and param.type is int else evaluate)(argument.value, scope, faults)
    if not isinstance(value, Decided):
        return _sound(value, argument, call, param, faults)
    each = [_sound(one, argument, call, param, faults) for one in dict.fromkeys(value.values)]
    return UNKNOWN if any(isinstance(one, Unknown) for one in each) else value


def _sound(
    value: Given | Unknown,
    argument: s.Argument,
    call: s.Call,
    param: Param,
    faults: Diagnostics,
) -> Value | Unknown:
    """The value, or UNKNOWN after reporting that the parameter has no such."""
    if isinstance(value, Unknown):
        return value
    what = f"`{param.name}` of `{call.name.text}`"
    if param.type is float and type(value) is int:
        value = float(value)
    if isinstance(value, tuple) or type(value) is not param.type:
        message = f"{what} must be {_KINDS[param.type]}, not {show_value(value)}"
        faults.report("E0301", message, argument.value.span)
        return UNKNOWN
    if isinstance(value, str):
        return value
    if wanted := param.misses(value):
        message = f"{what} must be {wanted}, not {value:g}"
        fixes = (_without(argument, call),) if param.below and not argument.name else ()
        faults.report("E0303", message, argument.value.span, param.advice, fixes=fixes)
    elif param.type is int and value > MAX_SIZE:
        faults.report("E0305", f"{what} is too large", argument.value.span)
    else:
        return value
    return UNKNOWN
