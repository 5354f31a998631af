"""Statements to flat nodes and edges: declarations first, then the file from top to bottom.

What is written inside a block is elaborated once an instance, with the instance's name before its
nodes. A bound `in` port becomes an alias of the `out` node that it is bound to.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import attrs

from autorecon.lang import syntax as s
from autorecon.lang.catalogue import MAX_SIZE, LabelInput
from autorecon.lang.checked import Edge, Node, Pipeline
from autorecon.lang.declare import Declarations, declare, label_inputs, report_twice
from autorecon.lang.diagnostics import Diagnostics, did_you_mean
from autorecon.lang.evaluate import UNKNOWN, Scope, Unknown, whole
from autorecon.lang.evaluate import evaluate as value_of
from autorecon.lang.pipelines import call_scope, resolve
from autorecon.lang.shapes import Label, Shape, show_shape
from autorecon.lang.source import Span

MERGES = ("sum", "product", "concat", "mean")
CONTRACTS = ("keeps", "enlarges", "bridges")
MAX_EDGES = 50_000
MAX_NODES = 50_000


class _TooLarge(Exception):
    """The program has more nodes or edges than any generator; the rest of it is not looked at."""

    def __init__(self, what: str, span: Span) -> None:
        super().__init__(what)
        self.span = span


@attrs.define
class Instance:
    """What later instances need of an earlier one: its ports, in the order of the text."""

    ins: list[str] = attrs.field(factory=list)
    outs: list[str] = attrs.field(factory=list)
    # Whether its block is declared.
    known: bool = True
    after: str | None = None
    # Where it is said what its ports are bound to.
    place: Span | None = None


@attrs.define
class Elaboration:
    """The state of one run over a file."""

    faults: Diagnostics
    globals: dict
    declared: Declarations = attrs.field(factory=Declarations)
    # Label inputs, wherever they are declared: operations above may name them.
    labels: dict[str, LabelInput | Unknown] = attrs.field(factory=dict)
    instances: dict[str, Instance] = attrs.field(factory=dict)
    nodes: dict[str, Node] = attrs.field(factory=dict)
    aliases: dict[str, str] = attrs.field(factory=dict)
    edges: list[Edge] = attrs.field(factory=list)
    # What edges without candidates of their own choose from, by type.
    type_candidates: dict[str, tuple[Pipeline, ...] | None] = attrs.field(factory=dict)
    # Names whose declaration failed: using them is no second fault.
    broken: set[str] = attrs.field(factory=set)
    # Blocks whose body was checked with an instance.
    checked: set[str] = attrs.field(factory=set)

    def run(self, statements: Iterable[s.Statement]) -> None:
        try:
            self._run(list(statements))
        except _TooLarge as error:
            self.faults.report("E0305", f"more than {error}", error.span, "make it smaller")

    def _run(self, statements: list[s.Statement]) -> None:
        self.declared = declare(statements, self.faults)
        self.labels = label_inputs(statements, self.globals)
        for statement in statements:
            if not isinstance(statement, s.EdgeStatement):
                self._statement(statement)
        # Edges last: a file may connect nodes above their declaration.
        for statement in statements:
            if isinstance(statement, s.EdgeStatement):
                self._edges(statement, self.globals, None)
        for block in self.declared.blocks.values():
            if block.name.text not in self.checked:
                self._check_alone(block)

    def _statement(self, statement: s.Statement) -> None:
        match statement:
            case s.Let():
                self._let(statement, self.globals)
            case s.NodeDecl():
                self._node_decl(statement, self.globals, None)
            case s.InputDecl():
                self._input(statement)
            case s.Instance():
                self._instance(statement)
            case s.EdgeType():
                self._edge_type(statement)
            case s.OpDef():
                self._pipeline(statement.pipeline, self._unknown(statement.parameters))
            case s.Choice():
                help = "a space's edges start with their type: `link a -> b = ...`"
                self.faults.report("E0203", "an edge without a type", statement.span, help)

    def _unknown(self, parameters: Iterable[s.Name]) -> dict:
        """The scope of a definition that is checked by itself: its arguments may be anything."""
        return {**self.globals, **{name.text: UNKNOWN for name in parameters}}

    def _let(self, statement: s.Let, scope: dict) -> None:
        value = value_of(statement.value, scope, self.faults)
        if statement.name.text in scope and scope is self.globals:
            report_twice(statement.name, self.faults)
            value = UNKNOWN
        scope[statement.name.text] = value

    def _edge_type(self, statement: s.EdgeType) -> None:
        contract = statement.contract
        if contract and contract.text not in CONTRACTS:
            help = did_you_mean(contract.text, CONTRACTS)
            message = f"unknown contract `{contract.text}`"
            self.faults.report("E0207", message, contract.span, help)
        self._alternatives(statement.candidates, self.globals)

    # nodes

    def _input(self, statement: s.InputDecl) -> None:
        shape: Shape | None = None
        sizes = [self._size(size, self.globals, "a size") for size in statement.sizes]
        label = statement.kind.text == "label"
        if statement.kind.text not in ("noise", "label"):
            help = did_you_mean(statement.kind.text, ("noise", "label"))
            message = f"unknown input kind `{statement.kind.text}`"
            self.faults.report("E0209", message, statement.kind.span, help)
        elif label and len(sizes) != 1:
            help = "write `input y: label(classes)`"
            self.faults.report("E0302", "a label has one number", statement.span, help)
        elif label:
            shape = None if sizes[0] is None else Label(sizes[0])
        else:
            span = statement.sizes[0].span.to(statement.sizes[-1].span)
            shape = self._known_shape(sizes, span)
        self._add(statement.name, None, shape, statement.kind.text)

    def _size(self, expr: s.Expr, scope: Scope, what: str) -> int | None:
        return whole(expr, scope, self.faults, what, 1, MAX_SIZE)

    def _node_decl(
        self, statement: s.NodeDecl, scope: dict, block: str | None, bound: Iterable[str] = ()
    ) -> None:
        shape = self._shape(statement, scope)
        merge = statement.merge.text if statement.merge else "sum"
        if statement.merge and merge not in MERGES:
            help = did_you_mean(merge, MERGES)
            self.faults.report("E0209", f"unknown merge `{merge}`", statement.merge.span, help)
            shape = None
        then = self._pipeline(statement.then, scope) if statement.then else None
        role = "output" if statement.kind == "output" else "inner"
        for name in statement.names:
            full = f"{block}.{name.text}" if block else name.text
            if full in bound:
                self._agree(full, name, shape)
            else:
                self._add(name, block, shape, role, merge, then)

    def _shape(self, statement: s.NodeDecl, scope: dict) -> Shape | None:
        sizes = [self._size(size, scope, "a size of a node") for size in statement.shape]
        return self._known_shape(sizes, statement.shape_span)

    def _known_shape(self, sizes: list[int | None], span: Span) -> Shape | None:
        if len(sizes) not in (1, 3):
            help = "[length] is a vector, [channels, height, width] feature maps"
            self.faults.report("E0301", f"1 or 3 sizes make a shape, not {len(sizes)}", span, help)
            return None
        known = tuple(size for size in sizes if size is not None)
        return known if len(known) == len(sizes) else None

    def _agree(self, port: str, name: s.Name, shape: Shape | None) -> None:
        node = self.nodes.get(self.aliases.get(port, ""))
        if node and shape is not None and node.shape != shape:
            message = (
                f"`{port}` is {show_shape(shape)}, but `{node.name}`, "
                f"which it is bound to, is {show_shape(node.shape)}"
            )
            help = "give both the same sizes; a bound port IS the node it is bound to"
            notes = (("the port is declared here", name.span),)
            instance = port.partition(".")[0]
            place = self.instances[instance].place
            self.faults.report("E0404", message, place, help, name.text, notes)
            # The whole instance may have the wrong sizes: more about it would be guessing.
            self.broken.add(instance)

    def _add(
        self,
        name: s.Name,
        block: str | None,
        shape: Shape | None,
        role: str,
        merge: str = "sum",
        then: Pipeline | None = None,
    ) -> None:
        full = f"{block}.{name.text}" if block else name.text
        if full in self.nodes or full in self.aliases or full in self.broken:
            report_twice(name, self.faults)
            self.broken.add(full)
        elif shape is None:
            self.broken.add(full)
        elif len(self.nodes) == MAX_NODES:
            raise _TooLarge(f"{MAX_NODES:,} nodes", name.span)
        else:
            self.nodes[full] = Node(full, shape, role, block, merge, then, (), name.span)

    # blocks

    def _instance(self, statement: s.Instance) -> None:
        name, block = statement.name.text, self.declared.blocks.get(statement.block.text)
        if name in self.instances:
            return report_twice(statement.name, self.faults)
        instance = Instance(known=block is not None)
        if block:
            self._ports(name, block, instance)
        else:
            help = did_you_mean(statement.block.text, self.declared.blocks)
            message = f"unknown block `{statement.block.text}`"
            self.faults.report("E0205", message, statement.block.span, help)
        self._bind(statement, instance)
        self.instances[name] = instance
        if block is None:
            return self.broken.add(name)
        parameters = [p.text for p in block.parameters]
        values = call_scope(statement, parameters, self.globals, self.faults)
        if values is None:
            return self.broken.add(name)
        return self._body(name, block, {**self.globals, **values}, instance.ins)

    def _ports(self, name: str, block: s.BlockDef, instance: Instance) -> None:
        for item in block.items:
            if isinstance(item, s.NodeDecl) and item.kind in ("in", "out"):
                ports = instance.ins if item.kind == "in" else instance.outs
                ports += [f"{name}.{port.text}" for port in item.names]

    def _bind(self, statement: s.Instance, instance: Instance) -> None:
        if statement.after is None:
            return None
        before = self.instances.get(statement.after.text)
        if before is None:
            help = did_you_mean(statement.after.text, self.instances)
            message = f"no block instance `{statement.after.text}` above"
            self.faults.report("E0205", message, statement.after.span, help)
            return self.broken.add(statement.name.text)
        instance.after, instance.place = statement.after.text, statement.after.span
        comparable = before.known and instance.known
        if comparable and len(before.outs) != len(instance.ins):
            message = (
                f"`{statement.after.text}` has {len(before.outs)} `out`, "
                f"`{statement.name.text}` {len(instance.ins)} `in`"
            )
            help = "ports are bound in order, one to one"
            self.faults.report("E0404", message, statement.after.span, help)
            comparable = False
        if not comparable or statement.after.text in self.broken:
            return self.broken.add(statement.name.text)
        for port, out in zip(instance.ins, before.outs, strict=True):
            self.aliases[port] = self.aliases.get(out, out)
        return None

    def _check_alone(self, block: s.BlockDef) -> None:
        """What can be said of a block that has no instance: names, not sizes."""
        alone = Elaboration(self.faults, self.globals, self.declared, self.labels)
        alone._body(block.name.text, block, self._unknown(block.parameters), ())

    def _body(self, name: str, block: s.BlockDef, scope: dict, ports: Iterable[str]) -> None:
        self.checked.add(block.name.text)
        bound = {port for port in ports if port in self.aliases}
        for item in block.items:
            match item:
                case s.Let():
                    self._let(item, scope)
                case s.NodeDecl():
                    self._node_decl(item, scope, name, bound)
        for item in block.items:
            if isinstance(item, s.EdgeStatement):
                self._edges(item, scope, name)

    # edges

    def _edges(self, statement: s.EdgeStatement, scope: dict, block: str | None) -> None:
        kind = statement.type.text
        declared = self.declared.edge_types.get(kind)
        if declared is None and kind != "link":
            help = did_you_mean(kind, [*self.declared.edge_types, "link"])
            self.faults.report("E0203", f"unknown edge type `{kind}`", statement.type.span, help)
        candidates = self._candidates(statement, declared, scope)
        contract = declared.contract.text if declared and declared.contract else None
        sources = [(path, self._end(path, block)) for path in statement.sources]
        targets = [(path, self._end(path, block)) for path in statement.targets]
        if candidates is None:
            return
        for (source, start), (target, end) in product(sources, targets):
            if start and end:
                paths, ends = (source, target), (start, end)
                self._edge(statement, paths, ends, contract, candidates, block)

    def _candidates(
        self, statement: s.EdgeStatement, declared: s.EdgeType | None, scope: dict
    ) -> tuple[Pipeline, ...] | None:
        if statement.candidates:
            return self._alternatives(statement.candidates, scope)
        if declared:
            return self._of_type(declared)
        if statement.type.text == "link":
            help = "write `link a -> b = conv(3)`"
            self.faults.report("E0302", "a link says what it computes", statement.span, help)
        return None

    def _of_type(self, declared: s.EdgeType) -> tuple[Pipeline, ...] | None:
        name = declared.name.text
        if name not in self.type_candidates:
            found = self._alternatives(declared.candidates, self.globals)
            self.type_candidates[name] = found
        return self.type_candidates[name]

    def _edge(
        self,
        statement: s.EdgeStatement,
        paths: tuple[s.Path, s.Path],
        ends: tuple[str, str],
        contract: str | None,
        candidates: tuple[Pipeline, ...],
        block: str | None,
    ) -> None:
        prefix = f"{block}." if block else ""
        written = (prefix + paths[0].text, prefix + paths[1].text)
        span = (
            paths[0].span.to(paths[1].span)
            if paths[0].span.start < paths[1].span.start
            else statement.span
        )
        kind = statement.type.text
        if len(self.edges) == MAX_EDGES:
            raise _TooLarge(f"{MAX_EDGES:,} edges", statement.span)
        self.edges.append(Edge(ends[0], ends[1], written, kind, contract, candidates, block, span))

    def _end(self, path: s.Path, block: str | None) -> str | None:
        """The node that a path names, through aliases; None when unknown."""
        full = f"{block}.{path.text}" if block else path.text
        written, full = full, self.aliases.get(full, full)
        broken = {written, full, written.partition(".")[0]} & self.broken
        if full in self.nodes and not broken:
            return full
        if not broken:
            prefix = f"{block}." if block else ""
            known = [
                n.removeprefix(prefix) for n in [*self.nodes, *self.aliases] if n.startswith(prefix)
            ]
            help = did_you_mean(path.text, known)
            self.faults.report("E0204", f"unknown node `{path.text}`", path.span, help)
        return None

    def _alternatives(
        self, alternatives: s.Alternatives, scope: dict
    ) -> tuple[Pipeline, ...] | None:
        found: dict[Pipeline, None] = {}
        sound = True
        for expr in alternatives.pipelines:
            pipeline = self._pipeline(expr, scope)
            sound = sound and pipeline is not None
            if pipeline in found:
                message = f"`{pipeline.text}` is a candidate twice"
                self.faults.report("E0206", message, expr.span, "remove one")
            elif pipeline:
                found[pipeline] = None
        return tuple(found) if sound else None

    def _pipeline(self, expr: s.PipelineExpr, scope: dict) -> Pipeline | None:
        names = self.declared.ops, self.globals, self.labels
        return resolve(expr, scope, *names, self.faults)
