"""L_r, the loss that draws a generator's images towards a teacher's training data.

An objective is text, `ce + 0.1*bns`: a sum of registered terms, of which a user may add some.
Everything but `TeacherView` and `lacking` is there without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autorecon.objective.errors import DivergedError, ObjectiveError
from autorecon.objective.objective import Objective
from autorecon.objective.observation import (
    Architecture,
    LayerStatistics,
    Observation,
    Request,
)
from autorecon.objective.registry import NEEDS, TERMS, Term, term

if TYPE_CHECKING:
    from autorecon.objective.teacher_view import TeacherView, lacking

__all__ = [
    "NEEDS",
    "TERMS",
    "Architecture",
    "DivergedError",
    "LayerStatistics",
    "Objective",
    "ObjectiveError",
    "Observation",
    "Request",
    "TeacherView",
    "Term",
    "lacking",
    "term",
]


def __getattr__(name: str) -> Any:
    if name not in ("TeacherView", "lacking"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # These two need torch, which is imported when one is first asked for.
    from autorecon.objective import teacher_view

    return getattr(teacher_view, name)
