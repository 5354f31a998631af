"""Syntax tree of a space -> checked program."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from autorecon.lang.check.edges import check_edges
from autorecon.lang.check.gaps import check_gaps
from autorecon.lang.check.structure import check_graph
from autorecon.lang.diagnostics.faults import Diagnostic, Diagnostics
from autorecon.lang.elaborate.expressions import Number, Unknown
from autorecon.lang.elaborate.includes import Uses
from autorecon.lang.elaborate.parameters import bind_parameters, following
from autorecon.lang.elaborate.state import Elaboration, TooLarge, report_too_large
from autorecon.lang.elaborate.statements import elaborate
from autorecon.lang.program.nodes import Node
from autorecon.lang.program.program import Program, Written
from autorecon.lang.program.ties import is_possible
from autorecon.lang.syntax import tree as s


def check_space(
    file: s.File, header: s.SpaceHeader, parameters: Mapping[str, Number]
) -> tuple[Program, Elaboration]:
    """The program, and the elaboration that knows the file's own names; SpaceError."""
    faults = Diagnostics()
    uses = Uses(faults)
    statements = uses.statements(file)
    scope = bind_parameters(header, parameters, faults)
    values = {k: v for k, v in scope.items() if not isinstance(v, Unknown)}
    elaboration = elaborate(statements, scope, faults)
    # With a node or an edge missing, what concerns the whole graph would only echo that.
    complete = not faults.failed
    try:
        check_edges(elaboration, complete)
    except TooLarge as error:
        report_too_large(error, faults)
        faults.finish()
    if complete and check_graph(elaboration.nodes, elaboration.edges, header.name.span, faults):
        check_gaps(elaboration)
    program = Program(
        header.name.text,
        values,
        _with_aliases(elaboration),
        tuple(elaboration.edges),
        elaboration.decisions,
        file.source,
        _written(elaboration),
        limits=elaboration.limits,
        rules=elaboration.rules,
        following=following(header, values),
        edge_types={
            name: elaboration.type_candidates.get(name) or ()
            for name in elaboration.declared.edge_types
        },
        used=tuple(uses.found.values()),
        header=header.name.span,
    )
    if elaboration.choices or elaboration.shares:
        _check_ties(program, faults)
    warnings = faults.finish()
    return attrs.evolve(program, warnings=warnings) if warnings else program, elaboration


def check_declarations(file: s.File) -> tuple[Diagnostic, ...]:
    """The warnings of a file without a header, which only others use; SpaceError."""
    faults = Diagnostics()
    elaborate(Uses(faults).statements(file), {}, faults)
    return faults.finish()


def _check_ties(program: Program, faults: Diagnostics) -> None:
    """Whether some architecture is whole: what is tied may never be there together."""
    if faults.failed:
        return
    if not is_possible(program):
        cut = f"cuts the output from the {program.required[0]}"
        message = f"every architecture {cut}, as edges are tied"
        help = "some combination of their options needs a path without `none`"
        faults.report("E0506", message, program.output.span, help)


def _with_aliases(elaboration: Elaboration) -> dict[str, Node]:
    aliases: dict[str, list[str]] = {}
    for port, node in elaboration.aliases.items():
        aliases.setdefault(node, []).append(port)
    return {
        name: attrs.evolve(node, aliases=tuple(aliases[name])) if name in aliases else node
        for name, node in elaboration.nodes.items()
    }


def _written(elaboration: Elaboration) -> Written:
    return Written(
        {name: instance.after for name, instance in elaboration.instances.items()},
        {choice.name: choice.options for choice in elaboration.choices.values()},
        elaboration.options,
        elaboration.shared,
        tuple(choice.name for choice in elaboration.choices.values() if choice.apart),
    )
