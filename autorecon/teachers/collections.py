"""Architectures by the names that libraries give them; their weights are the user's own file."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any

import attrs
from torch import Tensor, nn

from autorecon.lang import did_you_mean
from autorecon.lang.wording import some
from autorecon.teachers.architectures import ARCHITECTURES
from autorecon.teachers.checkpoints import Say
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.images import Images, of_config
from autorecon.teachers.state_dicts import named_as

TRAINING_ONLY = ("aux1.", "aux2.", "AuxLogits.")
"""Where torchvision's GoogLeNet and Inception have heads that only training uses."""

# As for the ImageNet weights, which take other images than those of torchvision's transforms.
_WITH_HEADS = {"aux_logits": False, "transform_input": True, "init_weights": False}
_OPTIONS = {"googlenet": _WITH_HEADS, "inception_v3": _WITH_HEADS}


@attrs.frozen
class Architecture:
    """A network to be filled with weights, and the images that those are usually trained on.

    `build` is given the numbers of classes and of channels.
    """

    build: Callable[[int, int], nn.Module]
    images: Images

    def fitted(
        self, state: Mapping[str, Tensor], say: Say
    ) -> tuple[nn.Module, Mapping[str, Tensor]]:
        """The network with as many classes and channels as the weights of `state` have, and these
        by its names, without those of parts that are for training alone."""
        module = self.build(1000, 3)
        own = module.state_dict()
        state = _without_heads(own, named_as(own, _renamed(state), say), say)
        classes = _length(state, _last(module, nn.Linear), 0) or 1000
        channels = _length(state, _first(module, nn.Conv2d), 1) or 3
        fits = (classes, channels) == (1000, 3)
        return (module if fits else self.build(classes, channels)), state


def _renamed(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """By today's names, where torchvision's DenseNet files have `denselayer1.norm.1.weight`."""
    former = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
    return {former.sub(r"\1\2", name): value for name, value in state.items()}


def _without_heads(
    own: Collection[str], state: Mapping[str, Tensor], say: Say
) -> Mapping[str, Tensor]:
    heads = [name for name in state if name.startswith(TRAINING_ONLY) and name not in own]
    if heads:
        say(f"auxiliary heads, which only training uses, were left out: {some(heads, 3)}")
    return {name: value for name, value in state.items() if name not in heads}


def own(name: str) -> Architecture:
    """The package's networks for small images."""
    _require(name, ARCHITECTURES, "autorecon")
    return Architecture(ARCHITECTURES[name], Images(32))


def torchvision(name: str) -> Architecture:
    """torchvision's classifiers, with the images of their newest ImageNet weights."""
    from torchvision import models

    _require(name, models.list_models(module=models), "torchvision")
    images = models.get_model_weights(name).DEFAULT.transforms()
    options = _OPTIONS.get(name, {})

    def build(classes: int, channels: int) -> nn.Module:
        return models.get_model(name, weights=None, num_classes=classes, **options)

    known = Images(images.crop_size[0], mean=tuple(images.mean), std=tuple(images.std))
    return Architecture(build, known)


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
    known = Images() if images is None else of_config(vars(images))
    return Architecture(partial(_timm_model, name), attrs.evolve(known, channels=None))


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
