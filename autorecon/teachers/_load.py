"""Load a teacher: a shipped one by its name, or a user's own by `package.module:function`."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from torch import nn

from autorecon.teachers._architectures import ARCHITECTURES
from autorecon.teachers._errors import TeacherError
from autorecon.teachers._inspect import (
    input_channels,
    input_size,
    logits_width,
    require_finite,
    require_statistics,
)
from autorecon.teachers._shipped import describe, read_weights
from autorecon.teachers._teacher import Teacher
from autorecon.teachers._weights import parse_state, put_state, read_state


def load(
    spec: str,
    *,
    weights: str | os.PathLike[str] | None = None,
    size: int | None = None,
    classes: int | None = None,
) -> Teacher:
    """Load a teacher in eval mode, its parameters without gradients.

    `spec` is a shipped name, or `package.module:function` where the function takes no arguments and
    returns an nn.Module; then `weights` is a .safetensors file of its state dict (without it the
    module's own weights stand) and `size` the side of its images in pixels.
    Raises TeacherError where anything is missing or does not fit together.
    """
    teacher = _load_own(spec, weights, size) if ":" in spec else _load_shipped(spec, weights)
    if size not in (None, teacher.size):
        raise TeacherError(
            f"{spec} takes images of {teacher.size}x{teacher.size}, not {size}x{size}"
        )
    if classes not in (None, teacher.classes):
        raise TeacherError(f"{spec} tells {teacher.classes} classes apart, not {classes}")
    return teacher


def _load_shipped(name: str, weights: str | os.PathLike[str] | None) -> Teacher:
    described = describe(name)
    if weights is not None:
        raise TeacherError(f"{name} has weights of its own; leave out {os.fspath(weights)}")
    classes, channels = described["classes"], described["channels"]
    module = ARCHITECTURES[described["architecture"]](classes, channels)
    put_state(module, parse_state(read_weights(name), name), name)
    size, data = described["size"], described["data"]
    return Teacher(name, _frozen(module), classes, channels, size, data, described)


def _load_own(spec: str, weights: str | os.PathLike[str] | None, size: int | None) -> Teacher:
    module = _build(spec)
    if weights is not None:
        put_state(module, read_state(Path(weights)), os.fspath(weights))
    require_statistics(module)
    require_finite(module)
    channels, side = input_channels(module), input_size(module, size)
    classes = logits_width(_frozen(module), channels, side)
    return Teacher(spec, module, classes, channels, side)


def _frozen(module: nn.Module) -> nn.Module:
    return module.eval().requires_grad_(False)


def _build(spec: str) -> nn.Module:
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
    function = getattr(_import(path), name, None)
    if not callable(function) or isinstance(function, nn.Module):
        kind = (
            "no function" if function is None else f"a {type(function).__name__}, not a function,"
        )
        raise TeacherError(f"the module {path} has {kind} called {name}")
    found: Callable[[], Any] = function
    return found


def _import(path: str) -> Any:
    here = os.getcwd()
    # A command installed in bin/ does not look into the current folder as `python -m` does.
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(path)
    # A script without a main guard parses our command line and exits.
    except (Exception, SystemExit) as error:
        raise TeacherError(
            f"cannot import {path} (from {here} or what is installed): "
            f"{type(error).__name__}: {error}"
        ) from error
