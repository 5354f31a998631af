"""What is tried for a teacher: candidates as they differ there."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from torch import nn

from autorecon.auto.candidates import candidates
from autorecon.auto.config import AutoConfig
from autorecon.compress.methods.method import find_method
from autorecon.objective import lacking
from autorecon.study.spec import Variant
from autorecon.teachers import Teacher
from autorecon.workflow.spaces import human_designed


def candidates_for(teacher: Teacher, asked: AutoConfig, count: int) -> list[Variant]:
    """The first `count`, fewer where there are not so many that differ for this teacher."""
    return candidates(asked, human_of(teacher), count, _suiting(teacher))


def human_of(teacher: Teacher) -> str:
    """The human-designed generator for a teacher's images."""
    return human_designed(max(teacher.image_shape[1:]))


def polishes(teacher: Teacher) -> bool:
    """Whether there are BatchNorm statistics to polish images for."""
    return not lacking(teacher.module, ("statistics",))


def _suiting(teacher: Teacher) -> Callable[[Variant], Variant]:
    """Without polish where there is nothing to polish for, and with `mse` for `channels` where no
    convolution is depthwise, so that a range a channel is one for all."""
    given: dict[str, object] = {} if polishes(teacher) else {"polish_steps": 0}
    convolutions = [m for m in teacher.module.modules() if isinstance(m, nn.Conv2d)]
    depthwise = any(1 < one.groups == one.in_channels for one in convolutions)

    def suited(candidate: Variant) -> Variant:
        own = candidate.compress
        settings = find_method(own.get("method", "gdfq")).settings
        own = own | {name: value for name, value in given.items() if name in settings}
        if not depthwise and own.get("ranges") == "channels":
            own = own | {"ranges": "mse"}
        return attrs.evolve(candidate, compress=own)

    return suited
