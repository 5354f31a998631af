"""L_r, the loss that draws a generator's images towards a teacher's training data.

An objective is text, `ce + 0.1*bns`: a sum of registered terms, of which a user may add some.
Everything but `TeacherView` is there without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autorecon.objective.errors import DivergedError, ObjectiveError
from autorecon.objective.objective import Objective
from autorecon.objective.observation import Architecture, LayerStatistics, Observation
from autorecon.objective.registry import TERMS, Term, term

if TYPE_CHECKING:
    from autorecon.objective.teacher_view import TeacherView

__all__ = [
    "TERMS",
    "Architecture",
    "DivergedError",
    "LayerStatistics",
    "Objective",
    "ObjectiveError",
    "Observation",
    "TeacherView",
    "Term",
    "term",
]


def __getattr__(name: str) -> Any:
    # TeacherView is the one that needs torch.
    if name != "TeacherView":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autorecon.objective.teacher_view import TeacherView

    return TeacherView
