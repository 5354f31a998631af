"""Attributes of a graph as users write them: what there are, and values that are what they say.

Nothing of a graph reaches a text but by these.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from numbers import Integral, Real
from typing import Any, NamedTuple

from autorecon.lang import Source, Span, did_you_mean
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.expressions import MAX_NUMBER
from autorecon.lang.program.nodes import INPUTS
from autorecon.lang.source import MAX_BYTES
from autorecon.lang.syntax.tables import tables

_MAX_SHOWN = 60  # characters of a value that is wrong
ROLES = ("inner", *INPUTS, "output")

NAME = r"[A-Za-z_][A-Za-z_0-9]*"
INDEXED = rf"{NAME}(?:\[(?:0|[1-9][0-9]*)(?:,(?:0|[1-9][0-9]*))*\])?"
WITHIN = rf"{INDEXED}\.{INDEXED}"  # a block
PATH = rf"{INDEXED}(?:\.{INDEXED})?"


class Kind(NamedTuple):
    """What an attribute is, in words, and what makes its value that or raises."""

    what: str
    read: Callable[[Any], Any]


def is_name(value: Any, pattern: str) -> bool:
    return (
        isinstance(value, str)
        and re.fullmatch(pattern, value) is not None
        and tables().keywords.keys().isdisjoint(re.findall(NAME, value))
    )


def at(place: str) -> Span:
    """A place in a graph, of which nothing is text."""
    return Span(0, 0, Source("", places=(place,)))


def shown(value: Any) -> str:
    """A wrong value in a message: it may be anything, and of any length."""
    text = type(value).__name__
    with suppress(Exception):  # so may what its own `repr` does
        text = repr(value)
    line = " ".join(text.split())
    return line if len(line) <= _MAX_SHOWN else f"{line[:_MAX_SHOWN]}..."


def read_attributes(
    given: Mapping[Any, Any], kinds: Mapping[str, Kind], place: str, faults: Diagnostics
) -> dict[str, Any]:
    """The values, without those that are None, after reporting what is wrong with others."""
    found = {}
    for key, value in given.items():
        if key not in kinds:
            name = key if isinstance(key, str) and key.isidentifier() else shown(key)
            help = did_you_mean(name, kinds, most=len(kinds))
            faults.report("E1001", f"unknown attribute `{name}`", at(place), help)
        elif value is not None and key != "record":
            try:
                found[key] = kinds[key].read(value)
            except (TypeError, ValueError, OverflowError):
                message = f"`{key}` is {kinds[key].what}, not {shown(value)}"
                faults.report("E1001", message, at(place))
    return found


def _named(pattern: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not is_name(value, pattern):
            raise ValueError
        return str(value)

    return read


def _text(value: Any) -> str:
    """On one line."""
    if not isinstance(value, str) or not 0 < len(value.strip()) <= MAX_BYTES:
        raise TypeError
    return " ".join(value.split())


def _whole(value: Any) -> int:
    if isinstance(value, bool) or abs(number := operator.index(value)) > MAX_NUMBER:
        raise ValueError
    return number


def _number(value: Any) -> int | float | bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return _whole(value)
    if not isinstance(value, Real) or not -MAX_NUMBER <= float(value) <= MAX_NUMBER:
        raise ValueError
    return float(value)


def _many(read: Callable[[Any], Any], least: int = 1) -> Callable[[Any], tuple]:
    def several(value: Any) -> tuple:
        if not isinstance(value, list | tuple) or len(value) < least:
            raise TypeError
        return tuple(map(read, value))

    return several


def _sizes(value: Any) -> tuple[int, ...]:
    return _many(_whole)(value if isinstance(value, list | tuple) else (value,))


def _table(names: Callable[[Any], str], read: Callable[[Any], Any]) -> Callable[[Any], dict]:
    def entries(value: Any) -> dict:
        if not isinstance(value, Mapping):
            raise TypeError
        return {names(name): read(entry) for name, entry in value.items()}

    return entries


def _after(value: Any) -> tuple[str, ...]:
    given = () if value is None else (value,) if isinstance(value, str) else value
    return _many(_named(INDEXED), 0)(given)


def _edge_type(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError
    faults = Diagnostics()
    found = read_attributes(value, EDGE_TYPE, "", faults)
    if faults.found:
        raise ValueError
    return found


def _shared(value: Any) -> tuple[str, tuple[str, ...]]:
    kind, names = value
    if kind not in ("choice", "weights"):
        raise ValueError
    return kind, _many(_text)(names)


def _expressions(value: Any) -> tuple[str, ...]:
    return _many(_text)(value if isinstance(value, list | tuple) else (value,))


def _role(value: Any) -> str:
    if value not in ROLES:
        raise ValueError
    return str(value)


_CONTRACT = Kind("the name of a contract", _named(NAME))
_BLOCK = Kind("the name of a block instance", _named(INDEXED))
_PIPELINES = Kind('a list of pipelines, as `["conv(3)", "identity"]`', _many(_text))
_TEXTS = Kind("a list of texts", _many(_text, 0))
_RECORD = Kind("what the checker found", lambda value: value)

EDGE_TYPE = {"contract": _CONTRACT, "candidates": _PIPELINES}
NODE = {
    "shape": Kind("a tuple of whole numbers, as `(8,)` or `(3, 32, 32)`", _sizes),
    "size": Kind(
        'an expression of a choice of sizes, as "2*width", or one of each size', _expressions
    ),
    "role": Kind(f"one of {', '.join(ROLES)}", _role),
    "block": _BLOCK,
    "merge": Kind("a merge, as `concat` or `modconv(3)`", _text),
    "then": Kind("a pipeline", _text),
    "aliases": Kind("a list of ports, as `B2.n1`", _many(_named(WITHIN), 0)),
    "record": _RECORD,
}
EDGE = {
    "type": Kind("the name of an edge type", _named(NAME)),
    "contract": _CONTRACT,
    "candidates": _PIPELINES,
    "block": _BLOCK,
    "place": Kind("a number", _number),
    "record": _RECORD,
}
GRAPH = {
    "name": Kind("a name", _named(NAME)),
    "parameters": Kind("a dict of numbers and truth values by name", _table(_named(NAME), _number)),
    "instances": Kind(
        "a dict of block instances, each with the one that it comes after, several, or None",
        _table(_named(INDEXED), _after),
    ),
    "edge_types": Kind(
        'a dict like `{"mix": {"contract": "keeps", "candidates": ["conv(3)"]}}`',
        _table(_named(NAME), _edge_type),
    ),
    "choices": Kind(
        'a dict like `{"norm": ["bn", "identity"]}`', _table(_named(PATH), _many(_text))
    ),
    "apart": Kind("a list of choices of sizes", _many(_named(PATH), 0)),
    "shares": Kind('a list like `[("weights", ["a->b", "b->c"])]`', _many(_shared, 0)),
    "rules": _TEXTS,
    "limits": _TEXTS,
}
