"""An operation or merge with its arguments, as it is written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property

import attrs

from autorecon.lang.operations.keys import key
from autorecon.lang.operations.spec import Param, Signature, Value, show_value


@attrs.frozen
class Invocation(ABC):
    """All arguments, defaults filled in, in the signature's order."""

    name: str
    values: tuple[Value, ...]

    @property
    @abstractmethod
    def spec(self) -> Signature:
        """What its name stands for."""

    @cached_property
    def args(self) -> dict[str, Value]:
        names = (p.name for p in self.spec.params)
        return dict(zip(names, self.values, strict=True))

    @property
    def text(self) -> str:
        """As one writes it: required arguments by place, others by name where not the default."""
        written = [
            show_value(value) if param.required else f"{param.name}={show_value(value)}"
            for param, value in self._shown
        ]
        return f"{self.name}({', '.join(written)})" if written else self.name

    @property
    def key(self) -> str:
        """A name for module paths that tells it from any other operation: `conv3_d2`."""
        return key(self.spec, self._shown)

    @property
    def _shown(self) -> list[tuple[Param, Value]]:
        pairs = zip(self.spec.params, self.values, strict=True)
        return [(p, value) for p, value in pairs if p.required or value != p.default]
