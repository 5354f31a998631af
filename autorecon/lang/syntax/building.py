"""What the functions have in common that make records of the parser's tree: one a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from autorecon.lang.source import Source, Span
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.automaton import Tree
from autorecon.lang.syntax.tokens import Token

RULES: dict[str, Callable[[Tree, Source], Any]] = {}


def build(item: Any, source: Source) -> Any:
    if isinstance(item, Token):
        return s.Name(str(item), Span(item.start_pos, item.end_pos, source))
    return RULES[item.data](item, source)


def builds(function: Callable[[Tree, Source], Any]) -> Callable[[Tree, Source], Any]:
    RULES[function.__name__.strip("_")] = function
    return function


def span_of(tree: Tree, source: Source) -> Span:
    return Span(tree.start_pos or 0, tree.end_pos or 0, source)


def all_of(tree: Tree, source: Source) -> list:
    return [build(child, source) for child in tree.children]


def names_of(tree: Tree, source: Source) -> list[s.Name]:
    names = [c for c in tree.children if isinstance(c, Token) and c.type == "NAME"]
    return [build(name, source) for name in names]


def child_of(tree: Tree, rule: str, source: Source, default: Any = None) -> Any:
    found = next((c for c in tree.children if isinstance(c, Tree) and c.data == rule), None)
    return default if found is None else build(found, source)


def of_parts(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record with a field for each part of the rule."""
    return lambda tree, source: kind(*all_of(tree, source), span_of(tree, source))


def of_row(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record whose one field has all parts."""
    return lambda tree, source: kind(tuple(all_of(tree, source)), span_of(tree, source))


def of_last(kind: Callable[..., Any]) -> Callable[[Tree, Source], Any]:
    """A record of what stands behind a sign or word."""
    return lambda tree, source: kind(build(tree.children[-1], source), span_of(tree, source))
