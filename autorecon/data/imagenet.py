"""ImageNet (ILSVRC 2012), read image by image with torchvision's folder loader.

Files are expected as torchvision leaves them: `val/` (and `train/`) with a folder of JPEGs a class.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.folders import candidate_folders
from autorecon.data.pictures import Pictures

if TYPE_CHECKING:
    from autorecon.data.dataset import Dataset, Split

NAME = "imagenet"
SIZE = 224
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
FOLDERS = {"train": "train", "test": "val"}
UNPACK = (
    "torchvision unpacks image-net.org's archives: put ILSVRC2012_devkit_t12.tar.gz and "
    'ILSVRC2012_img_val.tar there, `pip install scipy`, and run `python -c "from '
    "torchvision.datasets import ImageNet; ImageNet('{folder}', split='val')\"`"
)


def load_imagenet(size: int | None) -> Dataset:
    """ImageNet, whose validation images are the test images here, at 224x224 or another size."""
    from autorecon.data.dataset import Dataset

    side = SIZE if size is None else size
    if side < 8:
        raise DataError(f"{NAME} comes in sizes from 8 on, not {side}")
    root = find_folder()
    test = _opened(root, "test")

    def read(split: str) -> Split:
        return _split(test if split == "test" else _opened(root, split), side)

    return Dataset(NAME, side, 3, _class_names(test.classes), MEAN, STD, read)


def find_folder() -> Path:
    """The first folder that holds `val`; MissingDataError names those looked in."""
    folders = candidate_folders(NAME, "ImageNet")
    for folder in folders:
        if (folder / FOLDERS["test"]).is_dir():
            return folder
    places = ", ".join(str(folder / FOLDERS["test"]) for folder in folders)
    raise MissingDataError(
        f"{NAME} was not found and cannot be fetched; looked for {places}. "
        f"{UNPACK.format(folder=folders[0])}"
    )


def _opened(root: Path, split: str) -> Any:
    from torchvision.datasets import ImageFolder

    folder = root / FOLDERS[split]
    if not folder.is_dir():
        raise MissingDataError(f"{root} has no {FOLDERS[split]}, where {split} images are")
    try:
        return ImageFolder(str(folder))
    except FileNotFoundError as error:
        raise DataError(
            f"{folder} has not a folder of images a class ({error}). {UNPACK.format(folder=root)}"
        ) from error


def _split(found: Any, size: int) -> Split:
    import torch

    from autorecon.data.dataset import Split

    paths, labels = zip(*found.samples, strict=True)
    return Split(Pictures(list(paths), (3, size, size), published=True), torch.tensor(labels))


def _class_names(folders: list[str]) -> tuple[str, ...]:
    """What torchvision calls the 1,000 classes, in their folders' order; else the folders."""
    from torchvision.models import ResNet18_Weights

    categories = ResNet18_Weights.DEFAULT.meta["categories"]
    return tuple(categories if len(folders) == len(categories) else folders)
