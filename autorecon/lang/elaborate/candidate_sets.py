"""Candidates of edges: alternatives, the names of edge types, and set operations on both.

A candidate that is written out must count: add what is not there, take away or keep what is. What
the name of an edge type stands for may overlap with the rest.
"""

from __future__ import annotations

from autorecon.lang.elaborate.declarations import report_loop
from autorecon.lang.elaborate.state import Elaboration, Values
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.program.candidates import NONE, Pipeline
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

MAX_CANDIDATES = 1_000  # of an edge
Candidates = tuple[Pipeline, ...]

# In order, each with the place where it is written out: None where a type's name stands for it.
_Found = dict[Pipeline, Span | None]
_Set = s.PipelineExpr | s.Narrowed | s.Alternatives


def alternatives(program: Elaboration, written: s.Alternatives, scope: Values) -> Candidates | None:
    """The candidates, or None after reporting what is wrong with one of them."""
    found = _union(program, written, scope)
    return None if found is None else tuple(found)


def of_type(program: Elaboration, declared: s.EdgeType) -> Candidates | None:
    """What edges of a type choose from, or None where that is reported."""
    name = declared.name.text
    if name in program.types_within:
        names = program.types_within[program.types_within.index(name) :]
        loop = {f"edge {n}": program.declared.edge_types[n].span for n in names}
        report_loop(loop, "its candidates are operations and other edge types", program.faults)
        return None
    if name not in program.type_candidates:
        program.types_within.append(name)
        found = alternatives(program, declared.candidates, program.globals)
        program.types_within.pop()
        program.type_candidates[name] = found
    return program.type_candidates[name]


def with_none(program: Elaboration, statement: s.EdgeStatement, found: Candidates) -> Candidates:
    """The candidates of an `optional` edge."""
    if not any(c.is_none for c in found):
        return (*found, NONE)
    help = "remove `optional`"
    message = f"`{statement.type.text}` offers `none` without `optional`"
    program.faults.report("W0201", message, statement.span, help)
    return found


def _union(program: Elaboration, written: s.Alternatives, scope: Values) -> _Found | None:
    found: _Found = {}
    sound = True
    for option in written.options:
        more = _set(program, option, scope)
        sound = sound and more is not None
        for pipeline, place in (more or {}).items():
            place = place or found.get(pipeline)
            if place and pipeline in found:
                message = f"`{pipeline.text}` is a candidate twice"
                program.faults.report("E0206", message, place, "remove one")
            found.setdefault(pipeline, place)
        if len(found) > MAX_CANDIDATES:
            message = f"more than {MAX_CANDIDATES:,} candidates"
            program.faults.report("E0305", message, option.span, "split them over edges")
            return None
    return found if sound else None


def _set(program: Elaboration, written: _Set, scope: Values) -> _Found | None:
    match written:
        case s.Alternatives():
            return _union(program, written, scope)
        case s.Narrowed():
            return _narrowed(program, written, scope)
    types = program.declared.edge_types
    named = [c for c in written.calls if c.name.text in types and _is_free(program, c, scope)]
    alone = len(written.calls) == 1 and not written.calls[0].arguments
    if not named:
        pipeline = program.pipeline(written, scope, types if alone else ())
        return {pipeline: written.span} if pipeline else None
    call = named[0]
    if not alone:
        help = f"its name stands alone for its candidates: `{call.name.text} | ...`"
        message = f"`{call.name.text}` is an edge type and no operation"
        program.faults.report("E0202", message, call.span, help)
        return None
    found = of_type(program, types[call.name.text])
    return None if found is None else dict.fromkeys(found)


def _is_free(program: Elaboration, call: s.Call, scope: Values) -> bool:
    """Whether no operation or choice has the name: that would go before an edge type."""
    if call.name.index or call.name.within:
        return False
    tables = OPERATIONS, program.declared.ops, scope.choices
    return not any(call.name.text in table for table in tables)


def _narrowed(program: Elaboration, written: s.Narrowed, scope: Values) -> _Found | None:
    found = _set(program, written.first, scope)
    for sign, operand in written.rest:
        other = _set(program, operand, scope)
        if found is None or other is None:
            found = None
            continue
        if not _counts(program, found, other, operand.span):
            return None
        found = {p: place for p, place in found.items() if (p in other) == (sign == "&")}
        if not found:
            message, help = "no candidate is left", "an edge needs at least one"
            program.faults.report("E0211", message, operand.span, help)
            return None
    return found


def _counts(program: Elaboration, found: _Found, other: _Found, span: Span) -> bool:
    """Whether all that is written out on the right, and anything at all, is there on the left."""
    absent = {p: place for p, place in other.items() if p not in found}
    for pipeline, place in absent.items():
        if place:
            message = f"`{pipeline.text}` is not among the candidates"
            program.faults.unknown("E0210", message, place, pipeline.text, [p.text for p in found])
    if len(absent) == len(other) and not any(absent.values()):
        message = f"`{span.text}` has no candidate in common with what is on the left"
        program.faults.unknown("E0210", message, span, span.text, [p.text for p in found])
    return not any(absent.values()) and len(absent) < len(other)
