"""Statements to flat nodes and edges: declarations first, then the file from top to bottom.

What is written inside a block is elaborated once an instance, with the instance's name before its
nodes. A bound `in` port becomes an alias of the `out` node that it is bound to.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Any

import attrs

from autorecon.lang import syntax as s
from autorecon.lang.catalogue import CATALOGUE, MAX_SIZE
from autorecon.lang.checked import Edge, Node, Pipeline
from autorecon.lang.diagnostics import Diagnostics, did_you_mean
from autorecon.lang.evaluate import Scope, whole
from autorecon.lang.evaluate import evaluate as value_of
from autorecon.lang.pipelines import call_scope, resolve
from autorecon.lang.shapes import Label, Shape, show_shape

MERGES = ("sum", "product", "concat", "mean")
CONTRACTS = ("keeps", "enlarges", "bridges")
MAX_EDGES = 200_000


@attrs.define
class Instance:
    """What later instances need of an earlier one: its ports, in the order of the text."""

    ins: list[str] = attrs.field(factory=list)
    outs: list[str] = attrs.field(factory=list)
    after: str | None = None


@attrs.define
class Elaboration:
    """The state of one run over a file."""

    faults: Diagnostics
    globals: dict
    ops: dict[str, s.OpDef] = attrs.field(factory=dict)
    edge_types: dict[str, s.EdgeType] = attrs.field(factory=dict)
    blocks: dict[str, s.BlockDef] = attrs.field(factory=dict)
    instances: dict[str, Instance] = attrs.field(factory=dict)
    nodes: dict[str, Node] = attrs.field(factory=dict)
    aliases: dict[str, str] = attrs.field(factory=dict)
    edges: list[Edge] = attrs.field(factory=list)
    # Names whose declaration failed: using them is no second fault.
    broken: set[str] = attrs.field(factory=set)

    def run(self, statements: Iterable[s.Statement]) -> None:
        statements = list(statements)
        for statement in statements:
            self._hoist(statement)
        edges = [st for st in statements if isinstance(st, s.EdgeStatement)]
        for statement in statements:
            if not isinstance(statement, s.EdgeStatement):
                self._statement(statement)
        # Edges last: a file may connect nodes above their declaration.
        for statement in edges:
            self._edges(statement, self.globals, None)

    def _hoist(self, statement: s.Statement) -> None:
        tables: dict[type, tuple[dict[str, Any], Container[str]]] = {
            s.OpDef: (self.ops, CATALOGUE),
            s.EdgeType: (self.edge_types, ("link",)),
            s.BlockDef: (self.blocks, ()),
        }
        if type(statement) in tables:
            table, reserved = tables[type(statement)]
            name: s.Name = statement.name  # type: ignore[union-attr]
            if name.text in table or name.text in reserved:
                self._twice(name)
            table.setdefault(name.text, statement)

    def _twice(self, name: s.Name) -> None:
        self.faults.report("E0206", f"`{name.text}` is declared twice", name.span, "rename one")

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
            case s.OpDef() if not statement.parameters:
                self._pipeline(statement.pipeline, self.globals)
            case s.Choice():
                help = "a space's edges start with their type: `link a -> b = ...`"
                self.faults.report("E0203", "an edge without a type", statement.span, help)

    def _let(self, statement: s.Let, scope: dict) -> None:
        if statement.name.text in scope and scope is self.globals:
            self._twice(statement.name)
        scope[statement.name.text] = value_of(statement.value, scope, self.faults)

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
        if statement.kind.text not in ("noise", "label"):
            help = did_you_mean(statement.kind.text, ("noise", "label"))
            message = f"unknown input kind `{statement.kind.text}`"
            self.faults.report("E0209", message, statement.kind.span, help)
        elif statement.kind.text == "label" and len(sizes) != 1:
            help = "write `input y: label(classes)`"
            self.faults.report("E0302", "a label has one number", statement.span, help)
        elif all(size is not None for size in sizes):
            known = tuple(size for size in sizes if size is not None)
            shape = Label(known[0]) if statement.kind.text == "label" else known
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
        if len(sizes) not in (1, 3):
            help = "[length] is a vector, [channels, height, width] feature maps"
            message = f"a node has 1 or 3 sizes, not {len(sizes)}"
            self.faults.report("E0301", message, statement.shape_span, help)
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
            self.faults.report("E0404", message, name.span, help)

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
            self._twice(name)
        elif shape is None:
            self.broken.add(full)
        else:
            self.nodes[full] = Node(full, shape, role, block, merge, then, (), name.span)

    # blocks

    def _instance(self, statement: s.Instance) -> None:
        name, block = statement.name.text, self.blocks.get(statement.block.text)
        if name in self.instances:
            return self._twice(statement.name)
        self.instances[name] = instance = Instance()
        if block is None:
            help = did_you_mean(statement.block.text, self.blocks)
            message = f"unknown block `{statement.block.text}`"
            self.faults.report("E0205", message, statement.block.span, help)
            return self.broken.add(name)
        values = call_scope(
            statement, [p.text for p in block.parameters], self.globals, self.faults
        )
        if values is None:
            return self.broken.add(name)
        self._ports(name, block, instance)
        self._bind(statement, instance)
        self._body(name, block, {**self.globals, **values})
        return None

    def _ports(self, name: str, block: s.BlockDef, instance: Instance) -> None:
        for item in block.items:
            if isinstance(item, s.NodeDecl) and item.kind in ("in", "out"):
                ports = instance.ins if item.kind == "in" else instance.outs
                ports += [f"{name}.{port.text}" for port in item.names]

    def _bind(self, statement: s.Instance, instance: Instance) -> None:
        if statement.after is None:
            return
        before = self.instances.get(statement.after.text)
        if before is None or before is instance:
            help = did_you_mean(statement.after.text, set(self.instances) - {statement.name.text})
            message = f"no block instance `{statement.after.text}` above"
            self.faults.report("E0205", message, statement.after.span, help)
            self.broken.update(instance.ins)
            return
        instance.after = statement.after.text
        if statement.after.text in self.broken:
            self.broken.update(instance.ins)
        elif len(before.outs) != len(instance.ins):
            message = (
                f"`{statement.after.text}` has {len(before.outs)} `out`, "
                f"`{statement.name.text}` {len(instance.ins)} `in`"
            )
            help = "ports are bound in order, one to one"
            self.faults.report("E0404", message, statement.after.span, help)
            self.broken.update(instance.ins)
        else:
            for port, out in zip(instance.ins, before.outs, strict=True):
                self.aliases[port] = self.aliases.get(out, out)

    def _body(self, name: str, block: s.BlockDef, scope: dict) -> None:
        bound = set(self.aliases) | self.broken
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
        declared = self.edge_types.get(kind)
        if declared is None and kind != "link":
            help = did_you_mean(kind, [*self.edge_types, "link"])
            self.faults.report("E0203", f"unknown edge type `{kind}`", statement.type.span, help)
        candidates = self._candidates(statement, declared, scope)
        contract = declared.contract.text if declared and declared.contract else None
        for source in statement.sources:
            for target in statement.targets:
                start, end = self._end(source, block), self._end(target, block)
                if candidates and start and end:
                    paths, ends = (source, target), (start, end)
                    self._edge(statement, paths, ends, contract, candidates, block)
                if len(self.edges) > MAX_EDGES:
                    self.faults.report("E0305", f"more than {MAX_EDGES:,} edges", statement.span)
                    return

    def _candidates(
        self, statement: s.EdgeStatement, declared: s.EdgeType | None, scope: dict
    ) -> tuple[Pipeline, ...] | None:
        if statement.candidates:
            return self._alternatives(statement.candidates, scope)
        if declared:
            return self._alternatives(declared.candidates, self.globals)
        if statement.type.text == "link":
            help = "write `link a -> b = conv(3)`"
            self.faults.report("E0302", "a link says what it computes", statement.span, help)
        return None

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
            else (statement.span)
        )
        kind = statement.type.text
        self.edges.append(Edge(ends[0], ends[1], written, kind, contract, candidates, block, span))

    def _end(self, path: s.Path, block: str | None) -> str | None:
        """The node that a path names, through aliases; None when unknown."""
        full = f"{block}.{path.text}" if block else path.text
        full = self.aliases.get(full, full)
        if full in self.nodes:
            return full
        if full not in self.broken and full.partition(".")[0] not in self.broken:
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
        return resolve(expr, scope, self.ops, self.globals, self.faults)
