"""What steps came to, left where it was computed until it is read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from autorecon.objective.errors import DivergedError

if TYPE_CHECKING:
    from torch import Tensor

Values = Mapping[str, "Tensor | float"]
"""Losses of a step, scalars by name."""

UNREAD = 50
"""Steps after which losses are read unasked: no more than these are taken after a divergence."""


class Losses:
    """The losses of steps by name, each a list.

    Reading a number waits for a GPU to do all that it was given, so that none is read in a step;
    those of many steps are read at once. Then, and with its step, a divergence is found.
    """

    def __init__(self, known: Mapping[str, list[float]] | None = None, steps: int = 0) -> None:
        self.steps = steps
        self._known = {name: list(values) for name, values in (known or {}).items()}
        self._unread: list[tuple[int, Values]] = []

    def take(self, number: int, step: Callable[[], Values]) -> None:
        """Take a step, the first being number 1, and note its losses; where it fails because an
        earlier one diverged, that is what is raised."""
        try:
            values = step()
        except Exception:
            self.read()
            raise
        self.steps += 1
        self._unread.append((number, values))
        if len(self._unread) >= UNREAD:
            self.read()

    def read(self) -> dict[str, list[float]]:
        """All losses so far. Raises DivergedError for the first that is infinite or no number."""
        unread, self._unread = self._unread, []
        for (number, _), values in zip(unread, numbers([v for _, v in unread]), strict=True):
            require_finite(values, number)
            for name, value in values.items():
                self._known.setdefault(name, []).append(value)
        return self._known

    def means(self) -> dict[str, float]:
        return {name: sum(values) / len(values) for name, values in self.read().items()}


def numbers(steps: list[Values]) -> list[dict[str, float]]:
    """The same as Python's numbers, for which a device is waited once."""
    import torch

    from autorecon.nn.transfer import fetched

    away = [v for values in steps for v in values.values() if isinstance(v, torch.Tensor)]
    here = iter([value.item() for value in fetched(away)])
    return [
        {n: next(here) if isinstance(v, torch.Tensor) else v for n, v in values.items()}
        for values in steps
    ]


def require_finite(values: Mapping[str, float], step: int | None = None) -> None:
    """Raise DivergedError for a loss that is not finite, for one that is summed before the sum."""
    wrong = [name for name, value in values.items() if not math.isfinite(value)]
    if wrong:
        name = min(wrong, key=lambda name: name.endswith("total"))
        raise DivergedError(name.replace(".", " "), values[name], step)
