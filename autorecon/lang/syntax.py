"""The syntax tree: what was written, with the places where it was written."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from autorecon.lang.source import Source, Span

Expr: TypeAlias = "Number | Boolean | Reference | Negative | Chain"


@attrs.frozen
class Name:
    text: str
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Number:
    value: int | float
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Boolean:
    value: bool
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Reference:
    name: str
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Negative:
    operand: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Chain:
    """Operators of one precedence from left to right: flat, so that depth is bounded."""

    first: Expr
    rest: tuple[tuple[str, Expr], ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Argument:
    name: str | None
    value: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Arguments:
    items: tuple[Argument, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Call:
    name: Name
    arguments: tuple[Argument, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class PipelineExpr:
    """Operations applied one after the other: `conv(3) >> tanh`."""

    calls: tuple[Call, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Alternatives:
    """Candidates of an edge: `nearest | bilinear`."""

    pipelines: tuple[PipelineExpr, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Path:
    """A node as it is written: `n2` or `B1.n2`."""

    text: str
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Parameter:
    name: Name
    default: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class SpaceHeader:
    name: Name
    parameters: tuple[Parameter, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class GenotypeHeader:
    name: Name
    of: str
    of_span: Span = attrs.field(eq=False)
    arguments: tuple[Argument, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Let:
    name: Name
    value: Expr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class EdgeType:
    name: Name
    contract: Name | None
    candidates: Alternatives
    span: Span = attrs.field(eq=False)


@attrs.frozen
class OpDef:
    name: Name
    parameters: tuple[Name, ...]
    pipeline: PipelineExpr
    span: Span = attrs.field(eq=False)


@attrs.frozen
class NodeDecl:
    """`in`, `out`, `node` or `output`, one or several names of one shape."""

    kind: str
    names: tuple[Name, ...]
    shape: tuple[Expr, ...]
    shape_span: Span = attrs.field(eq=False)
    merge: Name | None
    then: PipelineExpr | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class InputDecl:
    name: Name
    kind: Name
    sizes: tuple[Expr, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class EdgeStatement:
    type: Name
    sources: tuple[Path, ...]
    targets: tuple[Path, ...]
    candidates: Alternatives | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class BlockDef:
    name: Name
    parameters: tuple[Name, ...]
    items: tuple[NodeDecl | EdgeStatement | Let, ...]
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Instance:
    name: Name
    block: Name
    arguments: tuple[Argument, ...]
    after: Name | None
    span: Span = attrs.field(eq=False)


@attrs.frozen
class Choice:
    source: Path
    target: Path
    pipeline: PipelineExpr
    span: Span = attrs.field(eq=False)


Statement = (
    Let | EdgeType | OpDef | BlockDef | NodeDecl | InputDecl | Instance | EdgeStatement | Choice
)


@attrs.frozen
class File:
    """One file: its header, its statements in order, and its comments as spans."""

    header: SpaceHeader | GenotypeHeader
    statements: tuple[Statement, ...]
    comments: tuple[Span, ...] = attrs.field(eq=False)
    source: Source = attrs.field(eq=False, repr=False)
