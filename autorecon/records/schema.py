"""From plain values to the attrs class of a file, and what is wrong where they do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

import attrs
import cattrs
from cattrs.gen import make_dict_structure_fn
from cattrs.v import format_exception

from autorecon.image_size import Size, structured_size
from autorecon.lang.wording import brief
from autorecon.records.errors import RecordError
from autorecon.records.score import Score

Schema = TypeVar("Schema")

NOT_NEGATIVE = attrs.validators.and_(attrs.validators.ge(0.0), attrs.validators.lt(math.inf))
"""Of a number of a file, as seconds are."""
MOST_NAMED = 20_000
"""Values of which each that is wrong is noted with its place, which takes a kilobyte of each."""


def plain(value: Any) -> Any:
    """The value as what JSON has."""
    return _converter().unstructure(value)


def structured(value: Any, kind: type[Schema], place: str, remedy: str) -> Schema:
    """The value as that class; RecordError says which fault there is first, and the remedy."""
    try:
        return _converter(is_small(value)).structure(value, kind)
    except (
        cattrs.BaseValidationError,
        TypeError,
        ValueError,
        OverflowError,
        KeyError,
        AttributeError,
    ) as error:
        fault = cattrs.transform_error(error, format_exception=_reason)[0]
        fault = brief(fault.replace("@ $", "at ").removesuffix(" at "), 300)
        raise RecordError(f"{place} is not as it was written ({fault}): {remedy}") from error


def is_small(value: Any) -> bool:
    """Whether faults can be told apart by their places."""
    left, seen = [value], 0
    while left and seen <= MOST_NAMED:
        part = left.pop()
        left += part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        seen += len(part) if isinstance(part, str) else 1
    return not left and seen <= MOST_NAMED


def _reason(error: BaseException, kind: type | None) -> str:
    own = isinstance(error, ValueError) and not isinstance(error, cattrs.BaseValidationError)
    return str(error) if own else format_exception(error, kind)


@cache
def _converter(detailed: bool = True) -> cattrs.Converter:
    converter = cattrs.Converter(detailed_validation=detailed)
    register_exact(converter)
    converter.register_structure_hook(Size, lambda value, _: structured_size(value))
    whole = make_dict_structure_fn(Score, converter)
    converter.register_structure_hook(Score, lambda value, _: _score(value, whole))
    return converter


def _score(value: Any, whole: Callable[[Any, type[Score]], Score]) -> Score:
    """Files of before there was agreement have a number, the accuracy."""
    return Score(float(value)) if type(value) in (int, float) else whole(value, Score)


def register_exact(converter: cattrs.Converter) -> None:
    """Have scalars taken for what they are: JSON and TOML have types, "3" is not 3, nor true 1."""
    for kind, accepted in {bool: (bool,), int: (int,), float: (float, int), str: (str,)}.items():
        converter.register_structure_hook(kind, _exactly(kind, accepted))


def _exactly(kind: type, accepted: tuple[type, ...]) -> Callable[[Any, type], Any]:
    def structure(value: Any, _: type) -> Any:
        if type(value) not in accepted:
            raise ValueError(f"expected {kind.__name__}, not {value!r:.60}")
        return kind(value)

    return structure
