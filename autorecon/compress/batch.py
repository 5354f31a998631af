"""What a student is taught with, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective import Request

Maps = Mapping[int, "Tensor"]
"""Attention maps [N, positions] by the number of positions."""


@attrs.frozen(eq=False)
class Batch:
    """Images [N, C, H, W], what they were to show, and the teacher's logits [N, classes].

    Nothing of it carries a graph.
    """

    images: Tensor
    request: Request
    logits: Tensor


@attrs.frozen(eq=False)
class Answers:
    """The student's logits [N, classes] on a batch; both models' attention maps if asked for."""

    logits: Tensor
    maps: Maps = attrs.Factory(dict)
    teacher_maps: Maps = attrs.Factory(dict)
