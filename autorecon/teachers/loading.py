"""Load a teacher: a shipped one, a library's with the user's weights, or one of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import torch
from torch import nn

from autorecon.image_size import Size, show_size
from autorecon.lang.user_modules import import_own
from autorecon.teachers.architectures import ARCHITECTURES
from autorecon.teachers.checkpoints import Say, parse_state, read_state
from autorecon.teachers.collections import COLLECTIONS
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.folding import fold
from autorecon.teachers.images import (
    Images,
    configured,
    first_channels,
    normalisation,
    of_folder,
    required,
    stated,
)
from autorecon.teachers.inspection import make_float32, require_finite, require_values, unwrapped
from autorecon.teachers.outputs import give_logits, require_gradients
from autorecon.teachers.shipped import describe, read_weights
from autorecon.teachers.state_dicts import named_as, put_state
from autorecon.teachers.teacher import Teacher

Weights = str | os.PathLike[str] | None

_PROBES = 3
"""Random images by which a network is seen to answer as it should."""


def load(
    spec: str,
    *,
    weights: Weights = None,
    size: Size | None = None,
    channels: int | None = None,
    classes: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Teacher:
    """Load a teacher in eval mode, its parameters without gradients.

    `spec` is a shipped name; or `autorecon:NAME`, `torchvision:NAME` or `timm:NAME`, a network to
    fill with `weights`: a file of its state dict, .safetensors or of torch.save, or a Hugging Face
    folder; or `package.module:function` where the function takes no arguments and returns an
    nn.Module, whose own weights stand without a file. `size` is the side of the images in pixels,
    or (height, width), `mean` and `std` are what they are normalised with, where these are not
    known or other ones hold. Nothing is ever downloaded, and no code of a file's is run.
    Raises TeacherError where anything is missing or does not fit together.
    """
    told, changes = Images(size, channels, mean, std), list[str]()
    source = spec.partition(":")[0] if ":" in spec else None
    if source is None:
        teacher = _load_shipped(spec, weights, told)
    elif source in COLLECTIONS:
        teacher = _load_collected(spec, weights, told, changes.append)
    else:
        teacher = _load_own(spec, weights, told, changes.append)
    if classes not in (None, teacher.classes):
        raise TeacherError(f"{spec} tells {teacher.classes} classes apart, not {classes}")
    return attrs.evolve(teacher, changes=tuple(changes))


def _load_shipped(name: str, weights: Weights, told: Images) -> Teacher:
    described = describe(name)
    if weights is not None:
        raise TeacherError(f"{name} has weights of its own; leave out {os.fspath(weights)}")
    classes, channels, size = (described[key] for key in ("classes", "channels", "size"))
    if told.size not in (None, size):
        raise TeacherError(f"{name} takes images of {size}x{size}, not {show_size(told.size)}")
    if told.channels not in (None, channels):
        raise TeacherError(f"{name} takes images of {channels} channels, not {told.channels}")
    module = ARCHITECTURES[described["architecture"]](classes, channels)
    put_state(module, parse_state(read_weights(name), name), name, _nothing_to_say)
    images = told.over(Images(mean=described["mean"], std=described["std"]))
    mean, std = normalisation(images, channels)
    shape = channels, size, size
    return Teacher(name, _frozen(module), classes, shape, described["data"], mean, std, described)


def _nothing_to_say(line: str) -> None:
    pass


def _load_collected(spec: str, weights: Weights, told: Images, say: Say) -> Teacher:
    collection, _, name = spec.partition(":")
    architecture = COLLECTIONS[collection](name)
    if weights is None:
        raise TeacherError(
            f"{spec} comes without weights, and none are downloaded: name a file of its state "
            "dict with --weights"
        )
    path = Path(weights)
    module, state = architecture.fitted(read_state(path, say), say)
    put_state(module, state, str(path), say)
    return looked_at(spec, module, told, of_folder(path).over(architecture.images), say)


def _load_own(spec: str, weights: Weights, told: Images, say: Say) -> Teacher:
    module = unwrapped(build_own(spec), say)
    require_values(module)
    module.cpu().eval()
    if weights is None:
        return looked_at(spec, module, told, Images(), say)
    path = Path(weights)
    _fill(module, path, say)
    return looked_at(spec, module, told, of_folder(path), say)


def _fill(module: nn.Module, path: Path, say: Say) -> None:
    """Put in the weights of a file, which may have plain ones for parametrised ones."""
    state = read_state(path, say)
    if (
        not named_as(module.state_dict(), state, _nothing_to_say).keys()
        <= module.state_dict().keys()
    ):
        fold(module, say)
    put_state(module, named_as(module.state_dict(), state, say), str(path), say)


def looked_at(spec: str, module: nn.Module, told: Images, known: Images, say: Say) -> Teacher:
    """A teacher of which all else is found out from its module, and then from what is `known` of
    the images that its weights were trained on."""
    fold(_frozen(module), say)
    make_float32(module, say)
    require_finite(module)
    own = told.over(stated(module)).over(Images(channels=first_channels(module)))
    known = known.over(configured(module))
    shape = required(own.over(known), module)
    # Weights for grey images were trained with some other mean than that of colours.
    mean, std = normalisation(own.over(known.for_channels(shape[0])), shape[0])
    probe = torch.randn(_PROBES, *shape, generator=torch.Generator().manual_seed(0))
    logits = give_logits(module, probe.requires_grad_(), say)
    require_gradients(logits, probe)
    return Teacher(spec, module, logits.shape[1], shape, None, mean, std)


def _frozen(module: nn.Module) -> nn.Module:
    return module.eval().requires_grad_(False)


def build_own(spec: str) -> nn.Module:
    """The module that a user's `package.module:function` returns; TeacherError if it does not."""
    function = _find(spec)
    try:
        module = function()
    # It is somebody else's code: anything may be raised.
    except Exception as error:
        raise TeacherError(f"{spec}() failed with {type(error).__name__}: {error}") from error
    if not isinstance(module, nn.Module):
        raise TeacherError(f"{spec}() returned a {type(module).__name__}, not a torch.nn.Module")
    return module


def _find(spec: str) -> Callable[[], Any]:
    path, _, name = spec.partition(":")
    if not path or not name.isidentifier():
        raise TeacherError(f"{spec!r} is not of the form package.module:function")
    function = getattr(import_own(path, TeacherError), name, None)
    if not callable(function) or isinstance(function, nn.Module):
        kind = (
            "no function" if function is None else f"a {type(function).__name__}, not a function,"
        )
        raise TeacherError(f"the module {path} has {kind} called {name}")
    found: Callable[[], Any] = function
    return found
