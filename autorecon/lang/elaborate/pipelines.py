"""Written operations to checked ones: signatures, ranges, and the file's own `op` definitions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from autorecon.lang.diagnostics.edits import Fix, spelt
from autorecon.lang.diagnostics.faults import Diagnostics, did_you_mean
from autorecon.lang.elaborate.declarations import report_loop
from autorecon.lang.elaborate.expressions import (
    UNKNOWN,
    Scope,
    Unknown,
    Visible,
    evaluate,
    sized,
    undecided,
    whole,
)
from autorecon.lang.elaborate.expressions import Value as Given
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.elaborate.idle_resizes import idle_resize
from autorecon.lang.operations.catalogue import (
    MAX_SIZE,
    OPERATIONS,
    LabelInput,
    Param,
    Value,
)
from autorecon.lang.operations.foreign_names import absent, familiar
from autorecon.lang.operations.merges import MERGES, MergeSpec
from autorecon.lang.operations.spec import Signature, show_value
from autorecon.lang.program.candidates import Op, Pipeline, Placeholder, Varying
from autorecon.lang.program.merging import Merging
from autorecon.lang.program.sizes import Decided
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

MAX_OPS = 1000  # in one pipeline, after definitions are put in place
MAX_CALLS = 2 * MAX_OPS  # to get there
MAX_DEPTH = 50  # of definitions that use definitions
_KINDS = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    str: "a text in quotes",
}


# The file's label inputs by name; those that are not sound are UNKNOWN.
Labels = Mapping[str, LabelInput | Unknown]


class _Endless(Exception):
    """A pipeline whose expansion would not end in reasonable time."""


def resolve(
    expr: s.PipelineExpr,
    scope: Scope,
    definitions: Mapping[str, s.OpDef],
    outer: Scope,
    labels: Labels,
    faults: Diagnostics,
    choices: tuple[Visible, Visible] = ({}, {}),
    others: Collection[str] = (),
) -> Pipeline | None:
    """The operations of a pipeline, or None after reporting what is wrong.

    A definition's body sees its own parameters and the file's names (`outer`), not the caller's;
    `choices` are those that the pipeline sees, and those of the file. `others` are names beside
    those of operations that an unknown one may have been meant for.
    """
    try:
        ops = _Expansion(definitions, outer, labels, faults, choices, others).ops(expr, scope)
    except _Endless as error:
        faults.report("E0305", str(error), expr.span, "write it in fewer definitions")
        return None
    return Pipeline(ops) if ops else None


@attrs.define
class _Expansion:
    """Puts definitions in place of their names."""

    definitions: Mapping[str, s.OpDef]
    outer: Scope
    labels: Labels
    faults: Diagnostics
    choices: tuple[Visible, Visible]
    others: Collection[str] = ()
    within: list[str] = attrs.field(factory=list)
    calls: int = 0
    # What a definition is with these arguments.
    known: dict[tuple, tuple[Op, ...] | None] = attrs.field(factory=dict)

    def ops(self, expr: s.PipelineExpr, scope: Scope) -> tuple[Op, ...] | None:
        found = [self._call(call, scope) for call in expr.calls]
        ops = tuple(op for part in found for op in part or ())
        if len(ops) > MAX_OPS:
            message = f"more than {MAX_OPS:,} operations in one pipeline"
            self.faults.report("E0305", message, expr.span, "split it over edges and nodes")
            return None
        if len(ops) > 1 and any(op.traits.none for op in ops):
            help = "`none` stands alone, as a candidate"
            self.faults.report("E0302", "`none` inside a pipeline", expr.span, help)
            return None
        if None in found:
            return None
        self._idle(expr, [part or () for part in found])
        return ops

    def _idle(self, expr: s.PipelineExpr, parts: Sequence[Sequence[Op]]) -> None:
        """Within a definition it is the definition that tells."""
        idle = idle_resize(parts)
        if idle is None:
            return
        name, first = idle.resize.text, idle.first
        message = f"this `{name}` does nothing: `{first.text}` before it goes to the target's sizes"
        for op in idle.between[:1]:
            message += f", and `{op.text}` to its channels"
        help = "put a node between"
        if first.traits.resize:
            help += f", or say how far the first goes, as in `{first.text}(2) >> conv(3, out=64)`"
        self.faults.report("W0402", message, expr.calls[idle.part].span, help, name)

    def _call(self, call: s.Call, scope: Scope) -> tuple[Op, ...] | None:
        name = call.name.text
        self.calls += 1
        if self.calls > MAX_CALLS:
            raise _Endless(f"more than {MAX_CALLS:,} definitions and operations in one pipeline")
        visible = self.choices[bool(self.within)]
        if name in visible or call.name.within:
            placeholder = self._placeholder(call, visible.get(name, ""), scope)
            return (placeholder,) if placeholder else None
        if call.name.index:
            message = f"unknown choice `{call.name.shown}`"
            if help := of_values(call, scope):
                self.faults.report("E0202", message, call.name.span, help)
            else:
                self.faults.unknown("E0202", message, call.name.span, name, visible)
            return None
        if name in self.definitions:
            return self._expand(call, self.definitions[name], scope)
        if name in OPERATIONS:
            values = _bind(call, OPERATIONS[name], scope, self.labels, self.faults, True)
            if values is None:
                return None
            varies = any(isinstance(value, Decided) for value in values)
            op = Varying(name, values, call.span) if varies else Op(name, values)
            _elsewhere(call, op, self.faults)
            return (op,)
        if self.faults.again("E0202", name, call.name.span):
            return None
        others = () if self.within else self.others
        known = [*OPERATIONS, *self.definitions, *visible, *others]
        same, span, fixes = familiar(name), call.name.span, tuple[Fix, ...]()
        if same and same in OPERATIONS:
            help = f"here it is `{signature(OPERATIONS[same])}`"
            fixes = spelt(span, name, [same]) or (Fix.of(span, same),)
        elif reason := absent(name):
            help = reason
        elif name in MERGES:
            help = f"nodes merge: `node a [16, 8, 8] merge {signature(MERGES[name])}`"
        elif reason := of_values(call, scope):
            help = reason
        else:
            help, fixes = did_you_mean(name, known, most=40), spelt(span, name, known)
            if help.startswith("known here"):
                help += "; a module that declares others is named by `--ops`"
        self.faults.report("E0202", f"unknown operation `{name}`", span, help, fixes=fixes)
        return None

    def _placeholder(self, call: s.Call, prefix: str, scope: Scope) -> Placeholder | None:
        name = indexed_name(call.name, scope, self.faults)
        if call.arguments:
            help = "its options have their arguments where it is declared"
            message = f"`{call.name.shown}` is a choice and takes no arguments"
            self.faults.report("E0302", message, call.arguments[0].span, help)
            return None
        full = name if call.name.within else f"{prefix}{name}"
        return Placeholder(name, (), full, call.name.span) if name and full else None

    def _expand(self, call: s.Call, definition: s.OpDef, scope: Scope) -> tuple[Op, ...] | None:
        name = call.name.text
        if name in self.within:
            names = self.within[self.within.index(name) :]
            loop = {f"op {n}": self.definitions[n].span for n in names}
            help = "a definition uses operations and definitions other than itself"
            report_loop(loop, help, self.faults)
            return None
        if len(self.within) >= MAX_DEPTH:
            raise _Endless(f"definitions nested deeper than {MAX_DEPTH}")
        inner = call_scope(call, definition.parameters, scope, self.outer, self.faults)
        if inner is None:
            return None
        key = name, *map(repr, inner.values())  # 1 and 1.0 are equal, and not the same
        if key not in self.known:
            self.within.append(name)
            self.known[key] = self.ops(definition.pipeline, {**self.outer, **inner})
            self.within.pop()
        return self.known[key]


def of_values(call: s.Call, scope: Scope) -> str | None:
    """What to do where values were meant, if they were."""
    name = call.name.text
    if name not in scope and name not in FUNCTIONS:
        return None
    kind = "value" if name in scope else "function of values"
    number = f"a size among options begins with a number: `0 + {call.span.text}`"
    return f"`{name}` is a {kind} and no operation; {number}"


def indexed_name(name: s.Name, scope: Scope, faults: Diagnostics) -> str | None:
    """`B[2]` for `B[i + 1]`, or None after reporting why there is none."""
    if name.within:
        last = s.Name(name.text, name.span, name.index)
        names = [indexed_name(part, scope, faults) for part in (*name.within, last)]
        return None if None in names else ".".join(filter(None, names))
    if not name.index:
        return name.text
    parts = [whole(e, scope, faults, "an index", 0, MAX_SIZE) for e in name.index]
    return None if None in parts else f"{name.text}[{','.join(map(str, parts))}]"


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


def signature(spec: Signature) -> str:
    """`conv(kernel, dilation=1, ...)`, as help lines and the reference show it."""
    shown = (p.name if p.required else f"{p.name}={show_value(p.default)}" for p in spec.params)
    return f"{spec.name}({', '.join(shown)})" if spec.params else spec.name


def merging(call: s.Call, spec: MergeSpec, scope: Scope, faults: Diagnostics) -> Merging | None:
    """A merge with its arguments, or None after reporting what is wrong with them."""
    values = _bind(call, spec, scope, {}, faults)
    return None if values is None else Merging(spec.name, values)


def _bind(
    call: s.Call,
    spec: Signature,
    scope: Scope,
    labels: Labels,
    faults: Diagnostics,
    may_vary: bool = False,
) -> tuple | None:
    needed = {p.name: p.required for p in spec.params}
    given = _by_name(call, spec.name, needed, signature(spec), faults)
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


def _elsewhere(call: s.Call, op: Op, faults: Diagnostics) -> None:
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
