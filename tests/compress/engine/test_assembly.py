"""Teachers that no method can compress, refused before anything is made."""

from __future__ import annotations

import pytest
from torch import nn

from autorecon.compress import CompressConfig, CompressError, Compression


def test_a_teacher_of_one_logit(teacher: nn.Module, generator: nn.Module) -> None:
    teacher.head = nn.Linear(4, 1)
    with pytest.raises(CompressError, match="gives one number an image"):
        Compression(teacher, CompressConfig(batch=8, warmup_steps=2, steps=2, epochs=1), generator)
    with pytest.raises(CompressError, match="gives one number an image"):
        Compression(teacher, CompressConfig(method="zeroq"), image_shape=(1, 8, 8))
