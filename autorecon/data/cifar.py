"""CIFAR-10 and CIFAR-100 (Krizhevsky 2009): 32x32 colour images, by torchvision's own loader.

Their files are pickles. torchvision unpickles none whose MD5 is not that of the published file, so
what it runs is known; nothing here unpickles anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.folders import SYSTEM, cache_folder, data_folders

if TYPE_CHECKING:
    from autorecon.data.dataset import Dataset, Split

SIZE = 32
Three = tuple[float, float, float]


@attrs.frozen
class Cifar:
    """torchvision's class, the folder that it makes, and the training pixels' statistics."""

    loader: str
    folder: str
    mean: Three
    std: Three


CIFARS = {
    "cifar10": Cifar(
        "CIFAR10", "cifar-10-batches-py", (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
    ),
    "cifar100": Cifar(
        "CIFAR100", "cifar-100-python", (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762)
    ),
}


def load_cifar10(size: int | None) -> Dataset:
    """CIFAR-10: 50,000 training and 10,000 test images in 10 classes."""
    return _load("cifar10", size)


def load_cifar100(size: int | None) -> Dataset:
    """CIFAR-100: 50,000 training and 10,000 test images in 100 classes."""
    return _load("cifar100", size)


def find_root(name: str) -> Path:
    """The folder above torchvision's own; MissingDataError names those looked in."""
    own = [root for folder in data_folders() for root in (folder, folder / name)]
    roots = [*own, SYSTEM, SYSTEM / name]
    for root in roots:
        if (root / CIFARS[name].folder).is_dir():
            return root
    places = ", ".join(str(root / CIFARS[name].folder) for root in roots)
    raise MissingDataError(
        f"{name} was not found; looked for {places}. Run `autorecon data fetch {name}`, or name "
        "the folder above it in AUTORECON_DATA"
    )


def download(name: str) -> None:
    """Let torchvision download the files into the cache folder; DataError if it cannot."""
    from torchvision import datasets

    try:
        getattr(datasets, CIFARS[name].loader)(str(cache_folder()), download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(f"torchvision could not download {name}: {error}") from error


def verified(name: str) -> Path:
    """The folder of the files, after they were read; DataError where they are not the published."""
    root = find_root(name)
    _opened(name, root, "test")
    return root / CIFARS[name].folder


def _load(name: str, size: int | None) -> Dataset:
    from autorecon.data.dataset import Dataset

    if size not in (None, SIZE):
        raise DataError(f"{name} comes in the size {SIZE}, not {size}")
    root = find_root(name)
    test = _opened(name, root, "test")

    def read(split: str) -> Split:
        return _split(test if split == "test" else _opened(name, root, split))

    about = CIFARS[name]
    return Dataset(name, SIZE, 3, tuple(test.classes), about.mean, about.std, read)


def _opened(name: str, root: Path, split: str) -> Any:
    from torchvision import datasets

    loader = getattr(datasets, CIFARS[name].loader)
    try:
        return loader(str(root), train=split == "train")
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"{root / CIFARS[name].folder} is not the published {name} ({error}); delete it and "
            f"run `autorecon data fetch {name}`"
        ) from error


def _split(found: Any) -> Split:
    import torch

    from autorecon.data.dataset import Split

    # [N, 32, 32, 3] in torchvision's array.
    images = torch.from_numpy(found.data).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.tensor(found.targets))
