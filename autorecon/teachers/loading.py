"""Load a teacher: a shipped one, a library's with the user's weights, or one of the user's own."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
from torch import nn

from autorecon.lang.user_modules import import_own
from autorecon.teachers.architectures import ARCHITECTURES
from autorecon.teachers.collections import COLLECTIONS
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.inspection import (
    input_channels,
    input_size,
    logits_width,
    require_finite,
    statistics,
)
from autorecon.teachers.shipped import describe, read_weights
from autorecon.teachers.state_dicts import parse_state, put_state, read_state
from autorecon.teachers.teacher import Teacher


def load(
    spec: str,
    *,
    weights: str | os.PathLike[str] | None = None,
    size: int | None = None,
    classes: int | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Teacher:
    """Load a teacher in eval mode, its parameters without gradients.

    `spec` is a shipped name; or `autorecon:NAME`, `torchvision:NAME` or `timm:NAME`, a network to
    fill with `weights`, a .safetensors file of its state dict; or `package.module:function` where
    the function takes no arguments and returns an nn.Module, whose own weights stand without a
    file. `size` is the side of the images in pixels, `mean` and `std` are what they are normalised
    with, where these are not known or other ones hold. Nothing is ever downloaded.
    Raises TeacherError where anything is missing or does not fit together.
    """
    source = spec.partition(":")[0] if ":" in spec else None
    if source is None:
        teacher = _load_shipped(spec, weights)
    elif source in COLLECTIONS:
        teacher = _load_collected(spec, weights, size)
    else:
        teacher = _load_own(spec, weights, size)
    if size not in (None, teacher.size):
        raise TeacherError(
            f"{spec} takes images of {teacher.size}x{teacher.size}, not {size}x{size}"
        )
    if classes not in (None, teacher.classes):
        raise TeacherError(f"{spec} tells {teacher.classes} classes apart, not {classes}")
    return normalising(teacher, mean, std)


def _load_shipped(name: str, weights: str | os.PathLike[str] | None) -> Teacher:
    described = describe(name)
    if weights is not None:
        raise TeacherError(f"{name} has weights of its own; leave out {os.fspath(weights)}")
    classes, channels = described["classes"], described["channels"]
    module = ARCHITECTURES[described["architecture"]](classes, channels)
    put_state(module, parse_state(read_weights(name), name), name)
    return Teacher(
        name, _frozen(module), classes, channels, described["size"], described["data"],
        tuple(described["mean"]), tuple(described["std"]), described,
    )  # fmt: skip


def _load_collected(spec: str, weights: str | os.PathLike[str] | None, size: int | None) -> Teacher:
    collection, _, name = spec.partition(":")
    architecture = COLLECTIONS[collection](name)
    if weights is None:
        raise TeacherError(
            f"{spec} comes without weights, and none are downloaded: name a .safetensors file of "
            "its state dict with --weights"
        )
    state = read_state(Path(weights))
    module = architecture.fitted(state)
    put_state(module, state, os.fspath(weights))
    teacher = looked_at(spec, module, architecture.size if size is None else size)
    # Weights for grey images were trained with some other mean than that of colours.
    known = architecture.mean is not None and len(architecture.mean) == teacher.channels
    return normalising(teacher, architecture.mean, architecture.std) if known else teacher


def _load_own(spec: str, weights: str | os.PathLike[str] | None, size: int | None) -> Teacher:
    module = build_own(spec)
    if weights is not None:
        put_state(module, read_state(Path(weights)), os.fspath(weights))
    return looked_at(spec, module, size)


def looked_at(spec: str, module: nn.Module, size: int | None) -> Teacher:
    """A teacher of which all else is found out from its module."""
    require_finite(module)
    channels, side = input_channels(module), input_size(module, size)
    classes = logits_width(_frozen(module), channels, side)
    teacher = Teacher(spec, module, classes, channels, side)
    return normalising(teacher, *(getattr(module, f"input_{x}", None) for x in ("mean", "std")))


def normalising(teacher: Teacher, mean: object, std: object) -> Teacher:
    """The teacher with this mean and deviation of its images; as it is where neither is given."""
    if mean is None and std is None:
        return teacher
    mean, std = statistics("mean", mean, teacher.channels), statistics("std", std, teacher.channels)
    if min(std) <= 0:
        raise TeacherError(f"std = {list(std)} must be above 0")
    return attrs.evolve(teacher, mean=mean, std=std)


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
