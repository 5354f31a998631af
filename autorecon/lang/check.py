"""Syntax tree -> checked program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import attrs

from autorecon.lang import syntax as s
from autorecon.lang.check_edges import check_edges
from autorecon.lang.check_graph import check_graph
from autorecon.lang.checked import Node, Program
from autorecon.lang.declare import report_twice
from autorecon.lang.diagnostics import Diagnostics, did_you_mean
from autorecon.lang.elaborate import Elaboration
from autorecon.lang.evaluate import Number, Unknown, bounded, evaluate
from autorecon.lang.parse import parse, read_source
from autorecon.lang.source import Source


def load_program(path: str | Path, parameters: Mapping[str, Number] | None = None) -> Program:
    """Read, parse and check a file; SpaceError with everything that is wrong with it."""
    return check(read_source(path), parameters)


def check(source: Source, parameters: Mapping[str, Number] | None = None) -> Program:
    """Parse and check a text. `parameters` replace the defaults of the header; SpaceError."""
    file = parse(source)
    if isinstance(file.header, s.GenotypeHeader):
        from autorecon.lang.genotype import check_genotype

        return check_genotype(file, file.header, parameters or {})
    return check_space(file, file.header, parameters or {})[0]


def check_space(
    file: s.File, header: s.SpaceHeader, parameters: Mapping[str, Number]
) -> tuple[Program, Elaboration]:
    """The program, and the elaboration that knows the file's own names; SpaceError."""
    faults = Diagnostics()
    scope = _parameters(header, parameters, faults)
    values = {k: v for k, v in scope.items() if not isinstance(v, Unknown)}
    elaboration = Elaboration(faults, scope)
    elaboration.run(file.statements)
    # With a node or an edge missing, what concerns the whole graph would only echo that.
    complete = not faults.failed
    check_edges(elaboration, complete)
    if complete:
        check_graph(elaboration.nodes, elaboration.edges, header.name.span, faults)
    warnings = faults.finish()
    nodes = _with_aliases(elaboration)
    edges = tuple(elaboration.edges)
    program = Program(header.name.text, values, nodes, edges, file.source, warnings=warnings)
    return program, elaboration


def _parameters(
    header: s.SpaceHeader, given: Mapping[str, Number], faults: Diagnostics
) -> dict[str, Number | Unknown]:
    scope: dict[str, Number | Unknown] = {}
    for parameter in header.parameters:
        name = parameter.name.text
        if name in scope:
            report_twice(parameter.name, faults)
        scope[name] = (
            bounded(given[name], parameter.name.span, faults)
            if name in given
            else evaluate(parameter.default, scope, faults)
        )
    for name in given:
        if name not in scope:
            help = did_you_mean(name, scope)
            message = f"`{header.name.text}` has no parameter `{name}`"
            faults.report("E0208", message, header.name.span, help)
    return scope


def _with_aliases(elaboration: Elaboration) -> dict[str, Node]:
    aliases: dict[str, list[str]] = {}
    for port, node in elaboration.aliases.items():
        aliases.setdefault(node, []).append(port)
    return {
        name: attrs.evolve(node, aliases=tuple(aliases[name])) if name in aliases else node
        for name, node in elaboration.nodes.items()
    }


def declared_parameters(source: Source) -> Iterable[str]:
    """Names that `--set` can give: the header's, or those of the space a genotype is of."""
    file = parse(source)
    if isinstance(file.header, s.SpaceHeader):
        return [p.name.text for p in file.header.parameters]
    from autorecon.lang.genotype import base_source

    return declared_parameters(base_source(file, file.header))
