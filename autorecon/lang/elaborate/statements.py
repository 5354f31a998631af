"""Statements to flat nodes and edges: declarations first, then the file from top to bottom.

What is written inside a block is carried out once an instance, with the instance's name before its
nodes; what is written inside a loop, once a round. A bound `in` port becomes an alias of the `out`
node that it is bound to.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence

import attrs

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.choices import add_choice, add_share
from autorecon.lang.elaborate.decisions import tie
from autorecon.lang.elaborate.declarations import declare, label_inputs, report_twice
from autorecon.lang.elaborate.edges import add_edge_type, add_edges
from autorecon.lang.elaborate.expressions import (
    UNKNOWN,
    Scope,
    Unknown,
    condition,
    evaluate,
    sized,
    whole,
)
from autorecon.lang.elaborate.instances import add_instance
from autorecon.lang.elaborate.nodes import add_input, add_nodes
from autorecon.lang.elaborate.state import Elaboration, TooLarge, Values, report_too_large
from autorecon.lang.operations.catalogue import MAX_SIZE
from autorecon.lang.syntax import tree as s


def elaborate(statements: Sequence[s.Statement], scope: Scope, faults: Diagnostics) -> Elaboration:
    """All nodes and edges; what is wrong is reported to `faults`."""
    declared, labels = declare(statements, faults), label_inputs(statements, scope)
    choices = dict.fromkeys(declared.choices[None], "")
    program = Elaboration(faults, Values({}, scope, choices), declared, labels)
    try:
        _Body(program, program.globals).run(statements)
        _tell_apart(program)
        _unused(program)
        tie(program)
        _restrict(program)
    except TooLarge as error:
        report_too_large(error, faults)
        if program.names_choices:
            # Edges in which choices are still to be put in place cannot be checked.
            program.edges[:] = [
                e for e in program.edges if not any(c.choices for c in e.candidates)
            ]
    return program


def _tell_apart(program: Elaboration) -> None:
    """Edges of a block whose short name is that of an edge outside of it, or what one begins with:
    `B.a->b` beside `B.a->b` to a node of the file, or `B.a->b.c` to one of another block."""
    outer = {
        (edge.written[0], edge.written[1].partition(".")[0])
        for edge in program.edges
        if edge.block is None
    }
    for index, edge in enumerate(program.edges):
        source, target = edge.written
        if edge.block and (source, target.removeprefix(f"{edge.block}.")) in outer:
            program.edges[index] = edge.named_in_full()


def _unused(program: Elaboration) -> None:
    """What can be said of a block that has no instance: names, not sizes."""
    for block in program.declared.blocks.values():
        if block.name.text not in program.checked:
            alone = attrs.evolve(
                program,
                instances={},
                nodes={},
                aliases={},
                edges=[],
                entries={},
                choices={},
                shares=[],
                broken=set(),
                restrictions=[],
                lacks_edges=True,
            )
            scope = _unknown(program, block.parameters)
            scope.choices = _visible(program, block, block.name.text)
            _Body(alone, scope, block.name.text).run(block.items)
            _restrict(alone)


def _restrict(program: Elaboration) -> None:
    if program.restrictions:
        from autorecon.lang.elaborate.rules import resolve_restrictions

        program.lacks_edges |= program.faults.failed
        program.limits, program.rules = resolve_restrictions(program)


def _visible(program: Elaboration, block: s.BlockDef, instance: str) -> dict[str, str]:
    """The choices that the pipelines of an instance see."""
    own = program.declared.choices[block.name.text]
    return {**program.globals.choices, **dict.fromkeys(own, f"{instance}.")}


def _unknown(program: Elaboration, parameters: Iterable[s.Parameter]) -> Values:
    """The scope of a definition that is checked by itself: its arguments may be anything."""
    scope = Values(program.globals)
    for parameter in parameters:
        if parameter.default:
            evaluate(parameter.default, scope, program.faults)
        scope[parameter.name.text] = UNKNOWN
        scope.own.add(parameter.name.text)
    return scope


@attrs.define
class _Body:
    """Statements of one file, block instance, or round of a loop."""

    program: Elaboration
    scope: Values
    block: str | None = None
    bound: Container[str] = ()
    # Edges are last: they may connect nodes above their declaration.
    edges: list[tuple[s.EdgeStatement, Values]] = attrs.field(factory=list)

    def run(self, statements: Iterable[s.Statement]) -> None:
        self._carry_out(statements)
        for statement, scope in self.edges:
            add_edges(self.program, statement, scope, self.block)

    def _carry_out(self, statements: Iterable[s.Statement]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: s.Statement) -> None:
        match statement:
            case s.EdgeStatement():
                self.edges.append((statement, self.scope))
            case s.Let():
                self._let(statement)
            case s.Choice():
                add_choice(self.program, statement, self.scope, self.block)
            case s.Share():
                add_share(self.program, statement, self.scope, self.block)
            case s.NodeDecl():
                add_nodes(self.program, statement, self.scope, self.block, self.bound)
            case s.InputDecl():
                add_input(self.program, statement, self.scope)
            case s.Instance():
                self._instance(statement)
            case s.For():
                self._for(statement)
            case s.If():
                self._if(statement)
            case s.EdgeType():
                add_edge_type(self.program, statement)
            case s.OpDef():
                self.program.pipeline(
                    statement.pipeline, _unknown(self.program, statement.parameters)
                )
            case s.Pick(target=None):
                help = "a space declares it: `choice norm = bn | identity`"
                if isinstance(statement.pipeline, s.Number):
                    help = "a space declares it: `choice width = 32 | 64`, or a value: `let n = 4`"
                message = "a choice without its options"
                self.program.faults.report("E0203", message, statement.span, help)
            case s.Pick():
                help = "a space's edges start with their type: `link a -> b = ...`"
                self.program.faults.report("E0203", "an edge without a type", statement.span, help)
            case s.Limit() | s.Rule():
                self.program.restrictions.append((statement, self.scope, self.block))

    def _let(self, statement: s.Let) -> None:
        name = statement.name.text
        if isinstance(statement, s.Assumed) and name in self.scope:
            return
        if self.block is None:
            self.program.faults.declared_below("E0201", statement.name.text, statement.name.span)
        value = sized(statement.value, self.scope, self.program.faults)
        if name in self.scope.own:
            report_twice(statement.name, self.program.faults)
            value = UNKNOWN
        self.scope[name] = value
        self.scope.own.add(name)

    def _instance(self, statement: s.Instance) -> None:
        program = self.program
        found = add_instance(program, statement, self.scope)
        if found:
            name, block, values = found
            values.choices = _visible(program, block, name)
            program.checked.add(block.name.text)
            ports = program.instances[name].ins
            bound = {port for port in ports if port in program.aliases}
            program.faults.instance = name, statement.span
            _Body(program, values, name, bound).run(block.items)
            program.faults.instance = None

    def _for(self, statement: s.For) -> None:
        faults = self.program.faults
        bounds = [
            whole(end, self.scope, faults, "an end of a loop", -MAX_SIZE, MAX_SIZE)
            for end in (statement.first, statement.last)
        ]
        first, last = bounds
        if first is None or last is None:
            return self._leave_out(statement.items)
        rounds = range(first, last + 1)
        self.program.charge(statement.items, len(rounds), statement.span)
        for value in rounds:
            scope = Values(self.scope, {statement.name.text: value})
            attrs.evolve(self, scope=scope)._carry_out(statement.items)
        return None

    def _if(self, statement: s.If) -> None:
        """A body of an `if` sees and declares what its surroundings do."""
        for index, (expr, items) in enumerate(statement.branches):
            holds = condition(expr, self.scope, self.program.faults)
            if isinstance(holds, Unknown):
                for _, possible in statement.branches[index:]:
                    self._leave_out(possible)
                return self._leave_out(statement.otherwise)
            if holds:
                return self._carry_out(items)
        return self._carry_out(statement.otherwise)

    def _unknown_size(self, statement: s.Choice, full: str) -> None:
        if not isinstance(statement.options, s.SizeOptions):
            return
        if statement.name.index:
            self.scope.indexed[full] = UNKNOWN
        else:
            self.scope[statement.name.text] = UNKNOWN

    def _leave_out(self, statements: Iterable[s.Statement]) -> None:
        """Nobody knows whether these are carried out: using what they declare is no fault."""
        prefix = f"{self.block}." if self.block else ""
        for statement in statements:
            match statement:
                case s.Let():
                    self.scope[statement.name.text] = UNKNOWN
                case s.Choice():
                    self.program.broken.add(prefix + statement.name.text)
                    self._unknown_size(statement, prefix + statement.name.text)
                case s.NodeDecl():
                    self.program.broken.update(prefix + name.text for name in statement.names)
                case s.InputDecl():
                    self.program.broken.update(name.text for name in statement.names)
                case s.Instance():
                    self.program.broken.add(statement.name.text)
                case s.For():
                    self._leave_out(statement.items)
                case s.If():
                    for items in (*(items for _, items in statement.branches), statement.otherwise):
                        self._leave_out(items)
