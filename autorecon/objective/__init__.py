"""L_r, the loss that draws a generator's images towards a teacher's training data.

An objective is text, `ce + 0.1*bns`: a sum of registered terms, of which a user may add some. In
comes an Observation of teacher, images and architecture, out comes one scalar.
Everything but `TeacherView` and `lacking` is there without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import later
from autorecon.objective.errors import DivergedError, ObjectiveError
from autorecon.objective.losses import Losses, Values, numbers, require_finite
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
    "Losses",
    "Objective",
    "ObjectiveError",
    "Observation",
    "Request",
    "TeacherView",
    "Term",
    "Values",
    "lacking",
    "numbers",
    "require_finite",
    "term",
]

# What needs torch is imported when it is first asked for.
__getattr__ = later(__name__, teacher_view=["TeacherView", "lacking"])
