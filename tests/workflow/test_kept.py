"""What a run has kept, in files that somebody else made: it is that, or damaged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from autorecon.compress.sources.recorded import Repeated
from autorecon.runs import DamagedError, as_saved, load_state, save_state
from autorecon.workflow.invented import kept_images

SHAPE = (1, 4, 4)
IMAGES = torch.zeros(3, *SHAPE)


def test_invented_images(tmp_path: Path) -> None:
    path = tmp_path / "invented.safetensors"
    save_state(path, {"images": IMAGES, "about": "little"})
    images, about = kept_images(path, SHAPE)
    assert (images.shape, about) == ((3, 1, 4, 4), "little")
    others: list[Any] = [
        [IMAGES],
        {"about": ""},
        {"images": "os:abort", "about": ""},
        {"images": IMAGES[0], "about": ""},
        {"images": IMAGES[:0], "about": ""},
        {"images": IMAGES / 0, "about": ""},
    ]
    for other in others:
        save_state(path, other)
        with pytest.raises(DamagedError, match="holds something else than was saved"):
            kept_images(path, SHAPE)


@pytest.mark.parametrize(
    "recording", [{}, [], {"labelled": 1, "calls": 3}, {"labelled": 1, "calls": [({"a": 1}, {})]}]
)
def test_recordings(tmp_path: Path, recording: Any) -> None:
    path = tmp_path / "images.safetensors"
    save_state(path, recording)
    with pytest.raises(DamagedError, match="holds something else"), as_saved(path):
        Repeated(load_state(path))
