"""What tests would have made again and again, of the same things: made once by each process.

A conftest takes these fixtures up by importing them; a test of the making itself overrides them.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from functools import cache
from importlib import import_module
from types import CodeType
from typing import Any

import pytest
import torch
from torch import fx, nn

from autorecon.compress.quantization import capture

Key = tuple[Any, ...]


@pytest.fixture(autouse=True)
def captured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Networks of the same code and the same values share a graph, which `capture` verifies for
    each of them, and of which it gives copies."""
    monkeypatch.setattr(capture, "_captured", _captured)


def _captured(module: nn.Module, image_shape: capture.Shape) -> fx.GraphModule:
    key = (repr(module), _codes(module), _digest(module), image_shape)
    if key not in _GRAPHS:
        _GRAPHS[key] = copy.deepcopy(_CAPTURED(module, image_shape))
    return copy.deepcopy(_GRAPHS[key])


_CAPTURED: Callable[..., fx.GraphModule] = capture._captured
_GRAPHS: dict[Key, fx.GraphModule] = {}


def _codes(module: nn.Module) -> tuple[CodeType | int, ...]:
    """What is computed; of a network with hooks its own identity, since they are any code."""
    parts = [*module.modules()]
    hooked = any(part._forward_hooks or part._forward_pre_hooks for part in parts)
    return (id(module),) if hooked else tuple(_code(part) for part in parts)


def _code(part: nn.Module) -> CodeType | int:
    return getattr(part.forward, "__code__", id(part))


def _digest(module: nn.Module) -> bytes:
    found = hashlib.blake2b()
    for name, value in (*module.named_parameters(), *module.named_buffers()):
        found.update(f"{name} {value.dtype} {tuple(value.shape)} {value.requires_grad}".encode())
        found.update(value.detach().reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.digest()


@pytest.fixture(autouse=True)
def registered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """torch reads the source of all that it can write as ONNX, again for each model."""
    registry = import_module("torch.onnx._internal.exporter._registration").ONNXRegistry
    made = _REGISTRIES.setdefault(registry, cache(registry.from_torchlib))

    def copied(**opset: int) -> Any:
        found = copy.copy(made(**opset))
        found.functions = {name: [*metas] for name, metas in found.functions.items()}
        return found

    monkeypatch.setattr(registry, "from_torchlib", staticmethod(copied))


_REGISTRIES: dict[type, Callable[..., Any]] = {}
