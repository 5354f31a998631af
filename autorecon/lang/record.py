"""Immutable records whose classes cost nothing to make: attrs needs a millisecond for each, a tenth
of a cold start for those of the syntax tree."""

from __future__ import annotations

from inspect import get_annotations
from typing import Any, NoReturn, dataclass_transform

_PLACES = ("Span", "Source", "tuple[Span, ...]")


@dataclass_transform(frozen_default=True)
class Record:
    """Its fields are a subclass's annotations. Places in the text do not count for equality."""

    _fields: tuple[str, ...] = ()
    _compared: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        kinds = get_annotations(cls)
        cls._fields = (*cls._fields, *kinds)
        cls._compared += tuple(name for name, kind in kinds.items() if kind not in _PLACES)

    def __init__(self, *values: Any) -> None:
        self.__dict__.update(zip(self._fields, values, strict=False))

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be set")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r}" for name in self._compared)
        return f"{type(self).__name__}({', '.join(shown)})"

    def _key(self) -> tuple:
        return tuple([getattr(self, name) for name in self._compared])  # a generator is slower
