"""What an operation is in torch's words: nets make its module of it, exports its source text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from torch import nn


@attrs.frozen
class Layer:
    """`name(*args, **options)`, as one writes it; `make` in the name's place makes its module.

    Arguments may be layers. `flat`: as torch has it, it takes and gives vectors. The module
    reshapes by itself, source text around the call.
    """

    name: str
    make: Callable[..., nn.Module]
    args: tuple[Any, ...] = ()
    options: Mapping[str, Any] = attrs.field(factory=dict)
    flat: bool = False

    def module(self) -> nn.Module:
        args = (a.module() if isinstance(a, Layer) else a for a in self.args)
        return self.make(*args, **self.options)

    @property
    def text(self) -> str:
        return self._call()

    def _call(self, *before: str) -> str:
        options = (f"{name}={_text(value)}" for name, value in self.options.items())
        return f"{self.name}({', '.join((*before, *map(_text, self.args), *options))})"


@attrs.frozen
class Function(Layer):
    """Without a state: `name(x, *args, **options)`, or x alone where it has no name."""

    def of(self, x: str) -> str:
        """Its text, of that of its input."""
        return self._call(x) if self.name else x


def _text(value: Any) -> str:
    if isinstance(value, Layer):
        return value.text
    return f'"{value}"' if isinstance(value, str) else repr(value)
