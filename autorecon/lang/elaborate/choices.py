"""Choices that have a name, and what is said to be shared."""

from __future__ import annotations

from autorecon.lang.elaborate.candidate_sets import alternatives
from autorecon.lang.elaborate.declarations import report_twice
from autorecon.lang.elaborate.state import Choice, Elaboration, Values
from autorecon.lang.syntax import tree as s


def add_choice(program: Elaboration, statement: s.Choice, scope: Values, block: str | None) -> None:
    options = alternatives(program, statement.options, scope)
    name = program.name(statement.name, scope)
    if name is None:
        return
    full = f"{block}.{name}" if block else name
    if full in program.choices:
        report_twice(statement.name, program.faults)
    elif options is None:
        program.broken.add(full)
    else:
        program.choices[full] = Choice(full, options, block, statement.name.span)


def add_share(program: Elaboration, statement: s.Share, scope: Values, block: str | None) -> None:
    """Keep it for when all edges are known."""
    if statement.kind.text in ("choice", "weights"):
        program.shares.append((statement, scope, block))
        return
    message = f"unknown kind of sharing `{statement.kind.text}`"
    help = "write `share choice` or `share weights`"
    program.faults.report("E0209", message, statement.kind.span, help)
