"""The parser's tree of an expression -> its records."""

from __future__ import annotations

from autorecon.lang.source import Source
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.automaton import Tree
from autorecon.lang.syntax.building import (
    RULES,
    all_of,
    build,
    builds,
    of_last,
    of_parts,
    of_row,
    span_of,
)

RULES |= {
    "listing": of_row(s.Listing),
    "entry": of_parts(s.Entry),
    "opposite": of_last(s.Opposite),
    "negative": of_last(s.Negative),
}


@builds
def _sum(tree: Tree, source: Source) -> s.Chain:
    operators = [str(token) for token in tree.children[1::2]]
    first, *rest = [build(child, source) for child in tree.children[::2]]
    return s.Chain(first, tuple(zip(operators, rest, strict=True)), span_of(tree, source))


_CHAINS = "term power comparison both either size size_term size_power"
RULES.update(dict.fromkeys(_CHAINS.split(), _sum))


@builds
def _conditional(tree: Tree, source: Source) -> s.Conditional:
    *parts, otherwise = all_of(tree, source)
    branches = tuple(zip(parts[::2], parts[1::2], strict=True))
    return s.Conditional(branches, otherwise, span_of(tree, source))


@builds
def _applied(tree: Tree, source: Source) -> s.Applied:
    name, *arguments = all_of(tree, source)
    return s.Applied(name, tuple(arguments), span_of(tree, source))


@builds
def _number(tree: Tree, source: Source) -> s.Number:
    text = str(tree.children[0])
    # Python refuses to convert thousands of digits; the checker calls both far too large.
    value = float(text) if not text.isdigit() or len(text) > 400 else int(text)
    return s.Number(value, span_of(tree, source))


@builds
def _amount(tree: Tree, source: Source) -> s.Number:
    from decimal import Decimal

    text = str(tree.children[0])
    value = Decimal(text[:-1]).scaleb({"k": 3, "M": 6, "G": 9}[text[-1]])
    whole = value == value.to_integral_value() and len(text) < 400
    return s.Number(int(value) if whole else float(value), span_of(tree, source))


@builds
def _text(tree: Tree, source: Source) -> s.Text:
    return s.Text(str(tree.children[0])[1:-1], span_of(tree, source))


@builds
def _reference(tree: Tree, source: Source) -> s.Reference:
    return s.Reference(str(tree.children[0]), span_of(tree, source))


@builds
def _boolean(tree: Tree, source: Source) -> s.Boolean:
    return s.Boolean(str(tree.children[0]) == "true", span_of(tree, source))
