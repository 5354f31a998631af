"""ImageNet from a few small images in folders, as torchvision lays them out."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image

from autorecon import data
from autorecon.data import imagenet

WNIDS = ("n01440764", "n01443537", "n01484850")


@pytest.fixture
def folder(home: Path) -> Path:
    """Three classes with two validation images each: class i is of the grey 40 * i."""
    for index, wnid in enumerate(WNIDS):
        place = home / "imagenet" / "val" / wnid
        place.mkdir(parents=True)
        for number, size in enumerate([(40, 60), (64, 36)]):
            grey = Image.new(
                "L" if number else "RGB", size, 40 * index if number else (40 * index,) * 3
            )
            grey.save(place / f"ILSVRC2012_val_{number:08}.JPEG", quality=95)
    return home / "imagenet"


def test_images_are_decoded_when_asked_for(folder: Path) -> None:
    dataset = data.load("imagenet", size=32)
    assert (dataset.size, dataset.channels, dataset.class_names) == (32, 3, WNIDS)
    assert dataset.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    images = dataset.test.images[1:5]
    assert images.shape == (4, 3, 32, 32)
    assert images.dtype == torch.uint8
    chosen = dataset.test.images[torch.tensor([4, 2])]
    for image, grey in zip([*images, *chosen], [0, 40, 40, 80, 80, 40], strict=True):
        assert (image.float() - grey).abs().max() < 3


def test_batches_and_accuracy(folder: Path) -> None:
    dataset = data.load("imagenet", size=16)

    class Brightness(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            grey = images[:, 1].mean((1, 2)) * dataset.std[1] + dataset.mean[1]
            return -(grey[:, None] * 255 - torch.tensor([0, 40, 120])).abs()

    assert data.accuracy(Brightness(), dataset, batch=4) == pytest.approx(100 * 4 / 6)


def test_default_size_is_the_centre_of_the_resized(home: Path) -> None:
    place = home / "imagenet" / "val" / "only"
    place.mkdir(parents=True)
    image = Image.new("RGB", (512, 256), (255, 255, 255))
    # All of the centre, 224 wide, and nothing beside it.
    image.paste((0, 0, 0), (144, 16, 368, 240))
    image.save(place / "a.png")
    pixels = data.load("imagenet").test.images[:1]
    assert pixels.shape == (1, 3, 224, 224)
    assert pixels.max() == 0


def test_all_thousand_classes_have_names() -> None:
    folders = [f"n{index:08}" for index in range(1000)]
    names = imagenet._class_names(folders)
    assert (len(names), names[0]) == (1000, "tench")


def test_training_images_are_needed_only_when_asked_for(folder: Path) -> None:
    dataset = data.load("imagenet", size=32)
    with pytest.raises(data.MissingDataError, match="has no train"):
        _ = dataset.train


def test_what_is_missing_is_said(home: Path) -> None:
    with pytest.raises(data.MissingDataError, match=r"ILSVRC2012_img_val\.tar") as caught:
        data.load("imagenet")
    assert str(home / "imagenet" / "val") in str(caught.value)
    with pytest.raises(data.DataError, match="cannot be fetched"):
        data.fetch("imagenet")
    (home / "imagenet" / "val").mkdir(parents=True)
    (home / "imagenet" / "val" / "ILSVRC2012_val_00000001.JPEG").touch()
    with pytest.raises(data.DataError, match="has not a folder of images a class"):
        data.load("imagenet")


def test_broken_image_and_wrong_size(folder: Path) -> None:
    (folder / "val" / WNIDS[0] / "ILSVRC2012_val_00000000.JPEG").write_bytes(b"broken")
    dataset = data.load("imagenet", size=32)
    with pytest.raises(data.DataError, match=r"cannot read the image .*val_00000000\.JPEG"):
        _ = dataset.test.images[:1]
    with pytest.raises(data.DataError, match="sizes from 8 on, not 4"):
        data.load("imagenet", size=4)
