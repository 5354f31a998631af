"""A genotype: a space whose choices are all made, one line an edge, in the same language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import attrs

from autorecon.lang.check.space import check_space
from autorecon.lang.diagnostics.edits import spelt
from autorecon.lang.diagnostics.faults import Diagnostic, Diagnostics, SpaceError
from autorecon.lang.elaborate.expressions import Number, Unknown, Values, number
from autorecon.lang.elaborate.named_files import named_source
from autorecon.lang.elaborate.pipelines import resolve
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.operations.spec import show_value
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import is_cut, origin
from autorecon.lang.program.program import Program
from autorecon.lang.program.sizes import Decided
from autorecon.lang.source import MAX_COLUMNS, Source, Span
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import parse
from autorecon.lang.wording import plural, some


def base_source(header: s.GenotypeHeader) -> Source:
    """The text of the space that a genotype is of: beside or below it, else a shipped one."""
    return named_source(header.of, header.of_span, "E0606")


def _unusable(message: str, header: s.GenotypeHeader, help: str) -> SpaceError:
    return SpaceError([Diagnostic("E0606", message, header.of_span, help)])


def check_genotype(
    file: s.File, header: s.GenotypeHeader, parameters: Mapping[str, Number]
) -> Program:
    """The program with one candidate an edge. `parameters` go before the header's arguments."""
    faults = Diagnostics()
    base_file = parse(base_source(header))
    if not isinstance(base_file.header, s.SpaceHeader):
        raise _unusable(f"`{header.of}` is a genotype itself", header, "name the space it is of")
    arguments = _arguments(header, faults)
    _known(arguments, base_file.header, header, faults)
    faults.finish()
    base, names = _check_base(base_file, base_file.header, header, {**arguments, **parameters})
    read = _Lines(base, names, faults)
    chosen, lines = read.read(file.statements), read.known
    faults.finish()
    _missing(base, chosen, header.span, faults)
    faults.finish()
    program = decided(base, chosen)
    if is_cut(program.nodes, (e for e in program.edges if not e.is_cut)):
        message = f"the choices cut the output from the {origin(program.nodes)}"
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
    from autorecon.lang.program.min_cut import fewest_cuts

    pairs = zip(base.edges, genotype.edges, strict=True)
    edges = [made if not made.is_cut or edge.is_cut else edge for edge, made in pairs]
    names = [f"`{edge.text}`" for edge in fewest_cuts(base.nodes, edges) or ()]
    return f"every path needs one of these to be other than `none`: {some(names, 4)}"


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
        value = number(argument.value, {}, faults)
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
            message = f"`{base.name.text}` has no parameter `{argument.name}`"
            faults.unknown("E0208", message, argument.span, argument.name, names)


@attrs.frozen
class _Lines:
    """The lines of a genotype, one after the other; `chosen` are the options of decisions."""

    base: Program
    names: Elaboration
    faults: Diagnostics
    chosen: dict[str, str] = attrs.field(factory=dict)
    # The lines of edges and choices.
    known: dict[str, Span] = attrs.field(factory=dict)

    def read(self, statements: Iterable[s.Statement]) -> dict[str, str]:
        edges = self._edges()
        for statement in statements:
            match statement:
                case s.Pick(target=None):
                    self._choice(statement.source, statement.pipeline, statement.span)
                case s.Pick(target=target) if target:
                    self._edge(statement, target, edges)
                case s.Instance(after=()):
                    # What it looks like in a space, where it is no choice's line.
                    call = s.Call(statement.block, statement.arguments, statement.block.span)
                    path = s.Path((statement.name,), statement.name.span)
                    pipeline = s.PipelineExpr((call,), call.span)
                    self._choice(path, pipeline, statement.span)
                case _:
                    help = "a genotype has one line an edge: `B1.n1 -> B1.n2 = nearest`"
                    self.faults.report("E0601", "not a choice", statement.span, help)
        return self.chosen

    def _edges(self) -> dict[str, Edge]:
        """By their ends, as nodes are called and as the text calls them."""
        nodes = {entry: node for node, entry in self.names.entries.items()}
        by_ends = {f"{e.source} -> {nodes.get(e.target, e.target)}": e for e in self.base.edges}
        return by_ends | {edge.text: edge for edge in self.base.edges}

    def _edge(self, statement: s.Pick, target: s.Path, edges: Mapping[str, Edge]) -> None:
        ends = [self.names.path(end, self.names.globals) for end in (statement.source, target)]
        if None in ends:
            return
        text = " -> ".join(end for end in ends if end is not None)
        edge = edges.get(text)
        if edge is None:
            message = f"`{self.base.name}` has no edge `{text}`"
            span = statement.source.span.to(target.span)
            self.faults.unknown("E0601", message, span, text, edges)
        elif self._first(edge.name, text, statement.span):
            self._pick_edge(edge, statement)

    def _first(self, name: str, text: str, span: Span) -> bool:
        if name in self.known:
            self.faults.report("E0604", f"a second choice for `{text}`", span, "remove one")
            return False
        self.known[name] = span
        return True

    def _pick_edge(self, edge: Edge, statement: s.Pick) -> None:
        decisions = [self.base.decisions[axis] for axis in edge.axes]
        own = next((d for d in decisions if d.is_edge), None)
        if own is None and decisions:
            shown = " and ".join(f"`{d.text}`" for d in decisions)
            message = f"`{edge.text}` has nothing of its own to choose: it depends on {shown}"
            help = f"write `{decisions[0].text} = {decisions[0].options[0]}`"
            self.faults.report("E0604", message, statement.span, help)
        elif own and own.name != edge.name:
            message = f"`{edge.text}` shares the choice of `{own.text}`"
            self.faults.report("E0604", message, statement.span, f"choose for `{own.text}` alone")
        else:
            options = own.options if own else tuple(c.text for c in edge.candidates)
            option = self._option(edge.text, options, edge.block, statement.pipeline)
            if own and option:
                self.chosen[own.name] = option

    def _choice(self, path: s.Path, pipeline: s.PipelineExpr | s.Number, span: Span) -> None:
        name = self.names.path(path, self.names.globals)
        if name is None:
            return
        decision = self.base.decisions.get(name)
        if decision is None:
            self._no_choice(name, path.span)
        elif self._first(name, name, span) and (
            option := self._option(name, decision.options, decision.block, pipeline)
        ):
            self.chosen[name] = option

    def _no_choice(self, name: str, span: Span) -> None:
        if name in self.names.choices:
            message = f"`{name}` is not chosen by itself: it is shared, or has one option"
            return self.faults.report("E0604", message, span, "remove the line")
        known = (d.name for d in self.base.decisions.values() if not d.is_edge)
        message = f"`{self.base.name}` has no choice `{name}`"
        return self.faults.unknown("E0601", message, span, name, known)

    def _option(
        self,
        text: str,
        options: Sequence[str],
        block: str | None,
        written: s.PipelineExpr | s.Number,
    ) -> str | None:
        """The option that a line means; both are compared as they are shown."""
        if isinstance(written, s.Number):
            return self._among(show_value(written.value), text, options, written.span)
        if all(option.isdecimal() for option in options):  # sizes, which are told by numbers
            return self._among(written.span.text, text, options, written.span)
        names = self.names
        visible = names.visible(block)
        scope = Values(names.globals, _own(names, block), visible)
        known = names.declared.ops, scope, names.labels
        pipeline = resolve(written, scope, *known, self.faults, (visible, names.globals.choices))
        if pipeline is None:
            return None
        return self._among(pipeline.text, text, options, written.span)

    def _among(self, option: str, text: str, options: Sequence[str], span: Span) -> str | None:
        if option in options:
            return option
        help = "choose one of " + ", ".join(f"`{option}`" for option in options)
        message = f"`{option}` is no candidate of `{text}`"
        fixes = spelt(span, option, options)
        self.faults.report("E0602", message, span, help, fixes=fixes)
        return None


def _own(names: Elaboration, block: str | None) -> dict[str, Decided]:
    """A block's choices of sizes, as they are called in it."""
    prefix = f"{block}."
    found = names.decided.items() if block else ()
    return {name.removeprefix(prefix): one for name, one in found if name.startswith(prefix)}


def _missing(base: Program, chosen: Mapping[str, str], span: Span, faults: Diagnostics) -> None:
    missing = [f"`{d.text}`" for d in base.decisions.values() if d.name not in chosen]
    if missing:
        what = "edge" if all(d.is_edge for d in base.decisions.values()) else "decision"
        message = f"{plural(len(missing), what)} without a choice: {some(missing, 3)}"
        faults.report("E0603", message, span, "add a line for each")


def decided(base: Program, chosen: Mapping[str, str]) -> Program:
    """The program in which each decision has the option of this text."""
    picks = {d.name: d.options.index(chosen[d.name]) for d in base.decisions.values()}
    edges = tuple(e.decided(e.candidates[base.candidate(e, picks)]) for e in base.edges)
    nodes = {name: node.sized(picks) for name, node in base.nodes.items()}
    chosen = {name: chosen[name] for name in picks}
    return attrs.evolve(base, nodes=nodes, edges=edges, decisions={}, chosen=chosen, picks=picks)


def decide(base: Program, chosen: Mapping[str, str], name: str, of: str) -> Program:
    """The genotype that these options (by decision) make of a space, as if read from its text."""
    text = format_genotype(base, chosen, name, of)
    source = Source(text, f"{name}.space")
    made = decided(base, chosen)
    return attrs.evolve(made, name=name, source=source, of=of, required=base.required[:1])


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
    values = ((k, v) for k, v in base.parameters.items() if k not in base.following)
    given = ", ".join(f"{name} = {show_value(value)}" for name, value in values)
    start = f'genotype {name} of "{of}"'
    header = f"{start}({given})" if given else start
    if len(header) <= MAX_COLUMNS:
        return [header]
    return [f"{start}(", f"  {given}", ")"]
