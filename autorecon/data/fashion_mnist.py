"""Fashion-MNIST: 28x28 grey images of clothes in 10 classes (Xiao et al. 2017), MIT licence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.folders import candidate_folders
from autorecon.data.idx import IdxArray, read_idx

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.data.dataset import Dataset, Split

NAME = "fashion-mnist"
TORCHVISION = "FashionMNIST/raw"
NATIVE_SIZE = 28
CLASS_NAMES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
PREFIXES = {"train": "train", "test": "t10k"}
# Mean and standard deviation of the training pixels (0..1) after resizing.
STATISTICS = {
    16: (0.21899983206954657, 0.3132018606073578),
    28: (0.2860405969887955, 0.35302424457803794),
    32: (0.21899983206954657, 0.33181137309087383),
}


def load_fashion_mnist(size: int | None) -> Dataset:
    """Fashion-MNIST at 28x28, or padded to 32x32, or padded and average-pooled to 16x16."""
    from autorecon.data.dataset import Dataset

    size = NATIVE_SIZE if size is None else size
    if size not in STATISTICS:
        sizes = ", ".join(map(str, STATISTICS))
        raise DataError(f"{NAME} comes in the sizes {sizes}, not {size}")
    folder = find_folder()
    mean, std = STATISTICS[size]

    def read(split: str) -> Split:
        return _read_split(folder, split, size)

    return Dataset(NAME, size, 1, CLASS_NAMES, (mean,), (std,), read)


def find_folder() -> Path:
    """The first folder that holds all four files; MissingDataError names those looked in."""
    folders = candidate_folders(NAME, TORCHVISION)
    missing = {folder: missing_files(folder) for folder in folders}
    for folder, names in missing.items():
        if not names:
            return folder
    raise MissingDataError(
        f"{NAME} was not found; looked in "
        + ", ".join(_describe(folder, names) for folder, names in missing.items())
        + f". Run `autorecon data fetch {NAME}`, or as root `apt-get install dataset-{NAME}`, "
        "or name the folder above it in AUTORECON_DATA"
    )


def file_names() -> list[str]:
    """The four files by their names without `.gz`."""
    kinds = ("images-idx3-ubyte", "labels-idx1-ubyte")
    return [f"{prefix}-{kind}" for prefix in PREFIXES.values() for kind in kinds]


def missing_files(folder: Path) -> list[str]:
    """Those of the four files that a folder has neither gzipped nor plain."""
    return [name for name in file_names() if _locate(folder, name) is None]


def check_files(folder: Path) -> None:
    """Read all four files and raise DataError where one is not what it should be."""
    for split in PREFIXES:
        read_arrays(folder, split)


def read_arrays(folder: Path, split: str) -> tuple[IdxArray, IdxArray]:
    """Images [N, 28, 28] and labels [N] of the split "train" or "test", checked."""
    images_path, labels_path = (_existing(folder, name) for name in _names(split))
    images = read_idx(images_path, (None, NATIVE_SIZE, NATIVE_SIZE))
    labels = read_idx(labels_path, (None,))
    if images.shape[0] != labels.shape[0]:
        raise DataError(
            f"{images_path} has {images.shape[0]} images, {labels_path} {labels.shape[0]} labels"
        )
    largest, last = max(labels.values), len(CLASS_NAMES) - 1
    if largest > last:
        raise DataError(f"{labels_path} has the label {largest}; {NAME} has 0 to {last}")
    return images, labels


def _read_split(folder: Path, split: str, size: int) -> Split:
    import torch

    from autorecon.data.dataset import Split

    images, labels = (
        torch.frombuffer(bytearray(array.values), dtype=torch.uint8).view(array.shape)
        for array in read_arrays(folder, split)
    )
    return Split(_resized(images.unsqueeze(1), size), labels.long())


def _resized(images: Tensor, size: int) -> Tensor:
    from torch.nn import functional

    if size == NATIVE_SIZE:
        return images
    padded = functional.pad(images, (2, 2, 2, 2))
    return functional.avg_pool2d(padded.float() / 255, 2) if size == 16 else padded


def _names(split: str) -> list[str]:
    return [name for name in file_names() if name.startswith(PREFIXES[split])]


def _locate(folder: Path, name: str) -> Path | None:
    paths = (folder / f"{name}.gz", folder / name)
    return next((path for path in paths if path.is_file()), None)


def _existing(folder: Path, name: str) -> Path:
    path = _locate(folder, name)
    if path is None:
        raise MissingDataError(f"{folder} has no {name}.gz")
    return path


def _describe(folder: Path, missing: list[str]) -> str:
    present = len(file_names()) - len(missing)
    return f"{folder} (incomplete: no {', '.join(missing)})" if present else str(folder)
