"""Which data sets there are: a name, a loader, and how to install it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from autorecon.data import cifar, fashion_mnist, imagenet
from autorecon.data.errors import DataError
from autorecon.image_size import Size, show_size

if TYPE_CHECKING:
    from autorecon.data.dataset import Dataset

Loader = Callable[[int | None], "Dataset"]
OWN = "folder:"
"""What a person's own pictures are named by, with their path; `open_own` opens them."""

_LOADERS: dict[str, Loader] = {
    fashion_mnist.NAME: fashion_mnist.load_fashion_mnist,
    "cifar10": cifar.load_cifar10,
    "cifar100": cifar.load_cifar100,
    imagenet.NAME: imagenet.load_imagenet,
}


def register(name: str, loader: Loader) -> None:
    """Add a data set; `loader` is given the image size asked for, or None for the data's own."""
    if name in _LOADERS:
        raise DataError(f"there is already a data set {name}")
    _LOADERS[name] = loader


def names() -> list[str]:
    """The names that `load` knows."""
    return sorted(_LOADERS)


def load(name: str, *, size: Size | None = None) -> Dataset:
    """A data set by its name, with images of that size in pixels.

    Raises DataError on an unknown name or size, MissingDataError where its files are not found.
    """
    require_known(name)
    if isinstance(size, tuple):
        raise DataError(
            f"{name} has square images, not {show_size(size)}: choose folder:PATH, or --data ''"
        )
    return _LOADERS[name](size)


def require_known(name: str) -> None:
    """Raise DataError, with a suggestion, unless `name` is registered."""
    if name in _LOADERS:
        return
    from autorecon.lang import did_you_mean

    raise DataError(
        f"no data set is called {name!r}: {did_you_mean(name, _LOADERS)}; pictures of your own are "
        f"{OWN}PATH"
    )
