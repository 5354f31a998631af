"""Written operations to checked ones, the file's own `op` definitions put in place."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from autorecon.lang.diagnostics.edits import Fix, spelt
from autorecon.lang.diagnostics.faults import Diagnostics, did_you_mean
from autorecon.lang.elaborate.arguments import Labels, bind, call_scope, warn_of_elsewhere
from autorecon.lang.elaborate.declarations import report_loop
from autorecon.lang.elaborate.expressions import Scope, Visible, whole
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.elaborate.idle_resizes import idle_resize
from autorecon.lang.operations.catalogue import MAX_SIZE, OPERATIONS
from autorecon.lang.operations.foreign_names import absent, familiar
from autorecon.lang.operations.merges import MERGES
from autorecon.lang.program.candidates import Op, Pipeline, Placeholder, Varying
from autorecon.lang.program.sizes import Decided
from autorecon.lang.syntax import tree as s

MAX_OPS = 1000  # in one pipeline, after definitions are put in place
MAX_CALLS = 2 * MAX_OPS  # to get there
MAX_DEPTH = 50  # of definitions that use definitions


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
            values = bind(call, OPERATIONS[name], scope, self.labels, self.faults, True)
            if values is None:
                return None
            varies = any(isinstance(value, Decided) for value in values)
            op = Varying(name, values, call.span) if varies else Op(name, values)
            warn_of_elsewhere(call, op, self.faults)
            return (op,)
        if self.faults.again("E0202", name, call.name.span):
            return None
        others = () if self.within else self.others
        known = [*OPERATIONS, *self.definitions, *visible, *others]
        same, span, fixes = familiar(name), call.name.span, tuple[Fix, ...]()
        if same and same in OPERATIONS:
            help = f"here it is `{OPERATIONS[same].text}`"
            fixes = spelt(span, name, [same]) or (Fix.of(span, same),)
        elif reason := absent(name):
            help = reason
        elif name in MERGES:
            help = f"nodes merge: `node a [16, 8, 8] merge {MERGES[name].text}`"
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
