"""A genotype: a space whose choices are all made, one line an edge, in the same language."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from autorecon.lang import syntax as s
from autorecon.lang.check import check_space
from autorecon.lang.check_graph import is_cut
from autorecon.lang.checked import Edge, Program
from autorecon.lang.diagnostics import Diagnostic, Diagnostics, SpaceError, did_you_mean
from autorecon.lang.elaboration import Elaboration
from autorecon.lang.evaluate import Number, Unknown, evaluate
from autorecon.lang.files import named_source
from autorecon.lang.parse import parse
from autorecon.lang.pipelines import resolve
from autorecon.lang.source import MAX_COLUMNS, Source, Span


def base_source(file: s.File, header: s.GenotypeHeader) -> Source:
    """The text of the space that a genotype is of: beside or below it, else a shipped one."""
    return named_source(header.of, header.of_span, "E0606")


def _unusable(message: str, header: s.GenotypeHeader, help: str) -> SpaceError:
    return SpaceError([Diagnostic("E0606", message, header.of_span, help)])


def check_genotype(
    file: s.File, header: s.GenotypeHeader, parameters: Mapping[str, Number]
) -> Program:
    """The program with one candidate an edge. `parameters` go before the header's arguments."""
    faults = Diagnostics()
    base_file = parse(base_source(file, header))
    if not isinstance(base_file.header, s.SpaceHeader):
        raise _unusable(f"`{header.of}` is a genotype itself", header, "name the space it is of")
    arguments = _arguments(header, faults)
    _known(arguments, base_file.header, header, faults)
    faults.finish()
    base, names = _check_base(base_file, base_file.header, header, {**arguments, **parameters})
    lines: dict[str, Span] = {}
    chosen = _choices(file, base, names, lines, faults)
    faults.finish()
    _missing(base, chosen, header.span, faults)
    faults.finish()
    program = decided(base, chosen)
    if is_cut(program.nodes, (e for e in program.edges if not e.is_cut)):
        message = "the choices cut the output from the noise"
        faults.report("E0605", message, header.span, _way_out(base, program))
    faults.finish()
    return attrs.evolve(
        program,
        name=header.name.text,
        source=file.source,
        of=header.of,
        base_path=base_file.source.path,
        warnings=(),
        lines=lines,
        header=header.span,
    )


def _way_out(base: Program, genotype: Program) -> str:
    """Names edges that were made `none`, as few as possible, over which every path leads."""
    from autorecon.lang.cuts import fewest_cuts

    pairs = zip(base.edges, genotype.edges, strict=True)
    edges = [made if not made.is_cut or edge.is_cut else edge for edge, made in pairs]
    names = [f"`{edge.text}`" for edge in fewest_cuts(base.nodes, edges) or ()]
    shown = ", ".join(names[:4]) + f" and {len(names) - 4} more" * (len(names) > 4)
    return f"every path needs one of these to be other than `none`: {shown}"


def _check_base(
    file: s.File,
    base: s.SpaceHeader,
    header: s.GenotypeHeader,
    parameters: Mapping[str, Number],
) -> tuple[Program, Elaboration]:
    try:
        return check_space(file, base, parameters)
    except SpaceError as error:
        first, *others = error.diagnostics
        notes = (*first.notes, ("it is checked for this genotype", header.span))
        raise SpaceError([attrs.evolve(first, notes=notes), *others]) from None


def _arguments(header: s.GenotypeHeader, faults: Diagnostics) -> dict[str, Number]:
    values: dict[str, Number] = {}
    for argument in header.arguments:
        if argument.name is None:
            help = "write `(width = 64)`"
            faults.report("E0302", "a parameter without its name", argument.span, help)
            continue
        if argument.name in values:
            faults.report("E0302", f"`{argument.name}` is given twice", argument.span, "remove one")
        value = evaluate(argument.value, {}, faults)
        if not isinstance(value, Unknown):
            values[argument.name] = value
    return values


def _known(
    arguments: Mapping[str, Number],
    base: s.SpaceHeader,
    header: s.GenotypeHeader,
    faults: Diagnostics,
) -> None:
    names = [p.name.text for p in base.parameters]
    for argument in header.arguments:
        if argument.name and argument.name in arguments and argument.name not in names:
            help = did_you_mean(argument.name, names)
            message = f"`{base.name.text}` has no parameter `{argument.name}`"
            faults.report("E0208", message, argument.span, help)


def _choices(
    file: s.File,
    base: Program,
    names: Elaboration,
    lines: dict[str, Span],
    faults: Diagnostics,
) -> dict[str, str]:
    """The option of each decision that has a line."""
    by_ends = {f"{edge.source} -> {edge.target}": edge for edge in base.edges}
    by_ends |= {edge.text: edge for edge in base.edges}
    chosen: dict[str, str] = {}
    known: set[str] = set()
    for statement in file.statements:
        if not isinstance(statement, s.Choice):
            help = "a genotype has one line an edge: `B1.n1 -> B1.n2 = nearest`"
            faults.report("E0601", "not a choice", statement.span, help)
            continue
        ends = [names.path(end, names.globals) for end in (statement.source, statement.target)]
        text = " -> ".join(end for end in ends if end is not None)
        edge = by_ends.get(text)
        if None in ends:
            continue
        if edge is None:
            help = did_you_mean(text, by_ends)
            span = statement.source.span.to(statement.target.span)
            faults.report("E0601", f"`{base.name}` has no edge `{text}`", span, help)
        elif edge.name in known:
            faults.report("E0604", f"a second choice for `{text}`", statement.span, "remove one")
        else:
            known.add(edge.name)
            _choose(edge, statement, names, chosen, faults)
            lines[edge.name] = statement.span
    return chosen


def _choose(
    edge: Edge,
    statement: s.Choice,
    names: Elaboration,
    chosen: dict[str, str],
    faults: Diagnostics,
) -> None:
    scope = names.globals
    known = names.declared.ops, scope, names.labels
    pipeline = resolve(statement.pipeline, scope, *known, faults)
    if pipeline in edge.candidates:
        if edge.axes:
            chosen[edge.name] = pipeline.text
    elif pipeline is not None:
        help = "choose one of " + ", ".join(f"`{c.text}`" for c in edge.candidates)
        message = f"`{pipeline.text}` is no candidate of `{edge.text}`"
        faults.report("E0602", message, statement.pipeline.span, help)


def _missing(base: Program, chosen: Mapping[str, str], span: Span, faults: Diagnostics) -> None:
    missing = [d.text for d in base.decisions.values() if d.name not in chosen]
    if missing:
        shown = ", ".join(f"`{m}`" for m in missing[:3]) + (", ..." if missing[3:] else "")
        message = f"{len(missing)} edge{'s' * (len(missing) > 1)} without a choice: {shown}"
        faults.report("E0603", message, span, "add a line for each")


def decided(base: Program, chosen: Mapping[str, str]) -> Program:
    """The program in which each decision has the option of this text."""
    picks = {d.name: d.options.index(chosen[d.name]) for d in base.decisions.values()}
    edges = tuple(e.decided(e.candidates[base.candidate(e, picks)]) for e in base.edges)
    return attrs.evolve(base, edges=edges, decisions={}, chosen={n: chosen[n] for n in picks})


def decide(base: Program, chosen: Mapping[str, str], name: str, of: str) -> Program:
    """The genotype that these options (by decision) make of a space, as if read from its text."""
    text = format_genotype(base, chosen, name, of)
    source = Source(text, f"{name}.space")
    return attrs.evolve(decided(base, chosen), name=name, source=source, of=of)


def format_genotype(base: Program, chosen: Mapping[str, str], name: str, of: str) -> str:
    """The text of a genotype, as the formatter has it: a line for each decision."""
    lines = _header(base, name, of)
    block: str | None = ""
    for decision in base.decisions.values():
        if decision.block != block:
            lines.append("")
        block = decision.block
        lines.append(f"{decision.text} = {chosen[decision.name]}")
    text = "\n".join(lines) + "\n"
    if max(map(len, lines)) <= MAX_COLUMNS:
        return text
    from autorecon.lang.fmt import format_source

    return format_source(Source(text))


def _header(base: Program, name: str, of: str) -> list[str]:
    """The header in one line or, where that is too long, with its parameters in another."""
    given = ", ".join(f"{k} = {_literal(v)}" for k, v in base.parameters.items())
    start = f'genotype {name} of "{of}"'
    header = f"{start}({given})" if given else start
    if len(header) <= MAX_COLUMNS:
        return [header]
    return [f"{start}(", f"  {given}", ")"]


def _literal(value: Number) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
