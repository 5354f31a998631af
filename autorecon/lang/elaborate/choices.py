"""Choices that have a name, and what is said to be shared."""

from __future__ import annotations

from collections.abc import Iterable

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.elaborate.candidate_sets import alternatives
from autorecon.lang.elaborate.declarations import report_twice
from autorecon.lang.elaborate.expressions import UNKNOWN, Decided
from autorecon.lang.elaborate.pipelines import of_values
from autorecon.lang.elaborate.state import Choice, Elaboration, Values
from autorecon.lang.operations.catalogue import OPERATIONS
from autorecon.lang.program.candidates import Pipeline, Size
from autorecon.lang.source import Span
from autorecon.lang.syntax import tree as s

APART = "apart"  # what a choice of sizes says whose weights are not shared


def add_choice(program: Elaboration, statement: s.Choice, scope: Values, block: str | None) -> None:
    name = program.name(statement.name, scope)
    is_size, apart = isinstance(statement.options, s.SizeOptions), _are_apart(program, statement)
    if isinstance(statement.options, s.SizeOptions):
        options = _size_options(program, statement, statement.options, scope)
    else:
        options = alternatives(program, statement.options, scope)
    if name is None:
        return
    if is_size:
        _declare(program, statement, name, options, scope, block)
    full = f"{block}.{name}" if block else name
    if full in program.choices:
        report_twice(statement.name, program.faults)
    elif options is None:
        # Of one with an index nobody knows which others are sound.
        program.broken.add(f"{block}.{statement.name.text}" if block else statement.name.text)
    else:
        program.choices[full] = Choice(full, options, block, statement.name.span, apart)


def _are_apart(program: Elaboration, statement: s.Choice) -> bool:
    """Whether it says that the weights of its sizes are apart, after reporting other words."""
    word = statement.weights
    if word is None:
        return False
    if word.text != APART:
        message = f"unknown word `{word.text}` of a choice"
        program.faults.unknown("E0209", message, word.span, word.text, [APART])
        return False
    if not isinstance(statement.options, s.SizeOptions):
        help = "leave the word out: operations have weights of their own"
        message = f"`{APART}` is said of sizes, and these are operations"
        behind = Span(statement.name.span.end, word.span.end, word.span.source)
        fixes = (Fix.of(behind, "", safe=True),)
        program.faults.report("E0209", message, word.span, help, fixes=fixes)
    return True


def _size_options(
    program: Elaboration, statement: s.Choice, written: s.SizeOptions, scope: Values
) -> tuple[Pipeline, ...] | None:
    """The sizes, each as an option, or None after reporting what is wrong."""
    faults, found = program.faults, dict[int, None]()
    sound = True
    if len(statement.name.index) > 1:
        help = "count through with one: `width[2*i + j]`"
        faults.report("E0306", "a choice of sizes has one index", statement.name.span, help)
        sound = False
    for option in written.options:
        if isinstance(option, s.PipelineExpr | s.Narrowed) or _is_operation(program, option, scope):
            meant = isinstance(option, s.PipelineExpr) and of_values(option.calls[0], scope)
            help = meant or "a choice is of operations or of sizes"
            faults.report("E0306", "an operation among sizes", option.span, help)
            sound = False
            continue
        size = program.size(option, scope, "a size")
        sound = sound and size is not None
        if size in found:
            faults.report("E0206", f"`{size}` is an option twice", option.span, "remove one")
        elif size is not None:
            found[size] = None
    return tuple(Pipeline((Size(str(n), (), n),)) for n in found) if sound else None


def _is_operation(program: Elaboration, option: s.Expr, scope: Values) -> bool:
    """Whether it is the name of one, and not of a value."""
    if not isinstance(option, s.Reference) or option.name in scope:
        return False
    return option.name in OPERATIONS or option.name in program.declared.ops


def _declare(
    program: Elaboration,
    statement: s.Choice,
    called: str,
    options: tuple[Pipeline, ...] | None,
    scope: Values,
    block: str | None,
) -> None:
    """A choice of sizes is a value."""
    name = statement.name
    if block is None:
        program.faults.declared_below("E0201", called, name.span)
    if name.text in scope.own:
        report_twice(name, program.faults)
        options = None
    full = f"{block}.{called}" if block else called
    sizes = sizes_of(options or ())
    decided = Decided(full, called, sizes, statement.weights is not None) if sizes else None
    if decided:
        program.decided[full] = decided
    if name.index:
        scope.indexed[full] = decided or UNKNOWN
        if not sizes:
            scope.indexed[full.removesuffix(called) + name.text] = UNKNOWN
        return
    scope[name.text] = decided or UNKNOWN
    scope.own.add(name.text)


def sizes_of(options: Iterable[Pipeline]) -> tuple[int, ...]:
    """Those that a choice of sizes is of; empty of one of operations."""
    return tuple(op.count for option in options for op in option.ops if isinstance(op, Size))


def add_share(program: Elaboration, statement: s.Share, scope: Values, block: str | None) -> None:
    """Keep it for when all edges are known."""
    if statement.kind.text in ("choice", "weights"):
        program.shares.append((statement, scope, block))
        return
    message = f"unknown kind of sharing `{statement.kind.text}`"
    help = "write `share choice` or `share weights`"
    program.faults.report("E0209", message, statement.kind.span, help)
