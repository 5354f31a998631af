from __future__ import annotations

import math

import pytest
import torch

from autorecon.compress import diversity
from autorecon.compress.engine.collapse import collapse_warning


def test_diversity_by_hand() -> None:
    # Two pixels; within each class the first differs by 2, the second not at all.
    images = torch.tensor([[1.0, 0.0], [3.0, 0.0], [1.0, 4.0], [3.0, 4.0]]).view(4, 1, 1, 2)
    overall, within = map(float, diversity(images, torch.tensor([0, 0, 1, 1])))
    contrast = images.std(correction=0).item()
    assert overall == pytest.approx((1 + 2) / 2 / contrast)
    assert within == pytest.approx((1 + 0) / 2 / contrast)


def test_diversity_weighs_classes_by_size_and_leaves_out_single_images() -> None:
    images = torch.tensor([0.0, 2.0, 0.0, 4.0, 2.0, 2.0, 9.0]).view(7, 1, 1, 1)
    within = diversity(images, torch.tensor([0, 0, 1, 1, 1, 1, 2]))[1].item()
    spreads = (1.0 * 2 + math.sqrt(2) * 4) / 6
    assert within == pytest.approx(spreads / images.std(correction=0).item())


def test_noise_is_diverse_and_equal_images_are_not() -> None:
    torch.manual_seed(0)
    labels = torch.arange(64) % 4
    assert min(diversity(torch.randn(64, 1, 8, 8), labels)) > 0.9
    picture = torch.randn(1, 1, 8, 8)
    same = diversity(picture.expand(64, -1, -1, -1), labels)
    assert tuple(map(float, same)) == pytest.approx((0, 0), abs=1e-6)
    assert diversity(torch.ones(4, 1, 8, 8), labels[:4]) == (0, 0)
    alone = torch.randn(4, 1, 8, 8)
    assert len(set(map(float, diversity(alone, labels[:4])))) == 1


@pytest.mark.parametrize(
    ("overall", "within", "word"),
    [(0.01, 0.01, "nearly identical"), (0.5, 0.01, "one image per class"), (0.5, 0.4, None)],
)
def test_collapse_is_said(overall: float, within: float, word: str | None) -> None:
    warning = collapse_warning(overall, within)
    assert (warning is None) if word is None else (warning is not None and word in warning)


def test_one_image_a_class_is_no_fault_where_labels_make_no_image() -> None:
    assert collapse_warning(0.5, 0.01, labelled=False) is None
