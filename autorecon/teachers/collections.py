"""Architectures by the names that libraries give them; their weights are the user's own file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import attrs
from torch import Tensor, nn

from autorecon.lang import did_you_mean
from autorecon.teachers.architectures import ARCHITECTURES
from autorecon.teachers.errors import TeacherError

Means = tuple[float, ...]


@attrs.frozen
class Architecture:
    """A network to be filled with weights, and the images that those are usually trained on.

    `build` is given the numbers of classes and of channels; `size` is in pixels. `mean` and `std`
    are those that images are normalised with. None is what is not known.
    """

    build: Callable[[int, int], nn.Module]
    size: int | None
    mean: Means | None = None
    std: Means | None = None

    def fitted(self, state: Mapping[str, Tensor]) -> nn.Module:
        """The network with as many classes and channels as the weights of `state` have."""
        module = self.build(1000, 3)
        classes = _length(state, _last(module, nn.Linear), 0) or 1000
        channels = _length(state, _first(module, nn.Conv2d), 1) or 3
        return module if (classes, channels) == (1000, 3) else self.build(classes, channels)


def own(name: str) -> Architecture:
    """The package's networks for small images."""
    _require(name, ARCHITECTURES, "autorecon")
    return Architecture(ARCHITECTURES[name], size=32)


def torchvision(name: str) -> Architecture:
    """torchvision's classifiers, with the images of their newest ImageNet weights."""
    from torchvision import models

    _require(name, models.list_models(module=models), "torchvision")
    images = models.get_model_weights(name).DEFAULT.transforms()

    def build(classes: int, channels: int) -> nn.Module:
        return models.get_model(name, weights=None, num_classes=classes)

    return Architecture(build, images.crop_size[0], tuple(images.mean), tuple(images.std))


def timm(name: str) -> Architecture:
    """timm's classifiers, with the images that timm records for their weights."""
    try:
        import timm
    except ImportError as error:
        raise TeacherError("timm is not installed: pip install 'autorecon[timm]'") from error
    # Other forms of names, which timm would look up on a server, are not in its list.
    if not timm.is_model(name):
        _require(name, timm.list_models(), "timm")
    images = timm.get_pretrained_cfg(name)
    build = partial(_timm_model, name)
    if images is None:
        return Architecture(build, None)
    return Architecture(build, images.input_size[-1], tuple(images.mean), tuple(images.std))


COLLECTIONS = {"autorecon": own, "torchvision": torchvision, "timm": timm}


def _timm_model(name: str, classes: int, channels: int) -> nn.Module:
    import timm

    return timm.create_model(name, pretrained=False, num_classes=classes, in_chans=channels)


def _require(name: str, known: Collection[str], collection: str) -> None:
    if name not in known:
        hint = did_you_mean(name, known)
        raise TeacherError(f"{collection} has no classifier called {name!r}: {hint}")


def _last(module: nn.Module, kind: type[nn.Module]) -> str | None:
    return next(iter(reversed(_named(module, kind))), None)


def _first(module: nn.Module, kind: type[nn.Module]) -> str | None:
    return next(iter(_named(module, kind)), None)


def _named(module: nn.Module, kind: type[nn.Module]) -> list[str]:
    return [name for name, layer in module.named_modules() if isinstance(layer, kind)]


def _length(state: Mapping[str, Tensor], layer: str | None, dimension: int) -> int | None:
    weight: Any = state.get(f"{layer}.weight")
    return None if weight is None or weight.dim() < 2 else weight.shape[dimension]
