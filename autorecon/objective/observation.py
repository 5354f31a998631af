"""What a loss term may look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from torch import Tensor


@attrs.frozen(eq=False)
class LayerStatistics:
    """One call of a BatchNorm2d layer: the batch's statistics of its input beside its own, [C]."""

    mean: Tensor
    variance: Tensor
    running_mean: Tensor
    running_var: Tensor


@attrs.frozen(eq=False)
class Observation:
    """One batch of generated images, and what the teacher makes of it.

    images [N, C, H, W], labels int64 [N], logits [N, classes]; student_logits [N, classes] are
    there only once there is a student, and only for an objective that asks for them.
    """

    images: Tensor
    labels: Tensor
    logits: Tensor
    statistics: list[LayerStatistics]
    student_logits: Tensor | None = None
