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
class Architecture:
    """What the generator costs, as 0-d tensors from 0 to 1.

    `parameters` and `macs` (multiply-accumulates) are relative to the dearest architecture of the
    space, and means where a search has probabilities. `entropy` is the mean over the decisions of
    H(p) / log(options): 1 while nothing is decided, 0 for a single architecture.
    """

    parameters: Tensor
    macs: Tensor
    entropy: Tensor


@attrs.frozen(eq=False)
class Observation:
    """One batch of generated images, and what the teacher makes of it.

    images [N, C, H, W], labels int64 [N], logits [N, classes]; student_logits [N, classes] are
    there only once there is a student, and only for an objective that asks for them; so is the
    architecture, in those steps of a search that choose it.
    """

    images: Tensor
    labels: Tensor
    logits: Tensor
    statistics: list[LayerStatistics]
    student_logits: Tensor | None = None
    architecture: Architecture | None = None
