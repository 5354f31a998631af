"""A space as a page shows it while it is being written: faults with carets, figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from autorecon.graph.space import Space
from autorecon.graph.summary import kind, rows
from autorecon.lang import Diagnostic, Source, SpaceError
from autorecon.lang.diagnostics.formats import full

MAX_SHOWN = 50
"""Faults on a page."""


@attrs.frozen
class View:
    """What is wrong with a text, and the space that it is, or None where it is none."""

    diagnostics: tuple[Diagnostic, ...]
    space: Space | None = None

    @classmethod
    def of(cls, read: Callable[[], Space]) -> View:
        """Of what is read, which may raise SpaceError."""
        try:
            space = read()
        except SpaceError as error:
            return cls(error.diagnostics)
        return cls(space.program.warnings, space)

    def values(self, source: Source | None = None) -> dict[str, Any]:
        """As JSON values; where a fault is in `source`, as `start` and `end` of its text."""
        found: dict[str, Any] = {
            "faults": [_fault(d, source) for d in self.diagnostics[:MAX_SHOWN]],
            "more": max(0, len(self.diagnostics) - MAX_SHOWN),
        }
        if self.space:
            found |= {"name": self.space.name, "kind": kind(self.space), "rows": rows(self.space)}
        return found


def _fault(d: Diagnostic, source: Source | None) -> dict[str, Any]:
    fault: dict[str, Any] = {"code": d.code, "severity": d.severity, "text": full(d)}
    if d.span and d.span.source is source:
        fault |= {"start": d.span.start, "end": d.span.end}
    return fault
