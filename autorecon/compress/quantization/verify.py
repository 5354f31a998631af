"""A captured graph answers as its model does, or the first layer that differs is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autorecon.compress.errors import TraceError
from autorecon.compress.quantization.operations import operation, written_at

IMAGES = 4
"""Images that are compared; not as many as a model is captured with."""

TOLERANCE = 1e-3
"""Largest difference, relative to the largest value."""

Noted = dict[str, list[Tensor]]
"""Means and deviations of what enters each norm, call by call, by the norm's name."""


@torch.no_grad()
def verify(module: nn.Module, traced: fx.GraphModule, image_shape: tuple[int, ...]) -> None:
    """Raise TraceError unless both answer alike, images of noise, and alike enter their norms.

    Notes the shape of each value as `node.meta["shape"]`, that of one image.
    """
    name = traced.meta["name"]
    images = torch.randn(IMAGES, *image_shape, generator=torch.Generator().manual_seed(0))
    with _watched(module) as expected:
        answers = module(images)
    if not isinstance(answers, Tensor):
        raise TraceError(f"{name} gives a {type(answers).__name__}, not one tensor of logits")
    run = _Run(traced)
    try:
        found = run.run(images)
    except RuntimeError as error:
        raise TraceError(
            f"{name} was captured for one number of images alone ({str(error).splitlines()[0]}"
            f"{run.place}): take that number from x.shape[0], not by len() or int()"
        ) from error
    if found.shape != answers.shape:
        raise TraceError(f"{name} was captured for one number of images alone")
    if not _alike(found, answers):
        if not _alike(module(images), answers):
            raise TraceError(f"{name} answers the same images otherwise each time")
        where = next(_differing(run.noted, expected), "no norm: look at what comes after the last")
        raise TraceError(
            f"{name} was captured and answers otherwise ({_distance(found, answers):.1e} of the "
            f"largest answer); the first layer that differs is {where}"
        )
    for layer in _differing(run.noted, expected):
        raise TraceError(f"{name} was captured, and what enters its norm {layer} differs")


class _Run(fx.Interpreter):
    """Runs a graph, and notes shapes and what enters norms."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.noted: Noted = defaultdict(list)
        self.place = ""

    def run_node(self, n: fx.Node) -> Any:
        self.place = f"; {written_at(n)}"
        value = super().run_node(n)
        if isinstance(value, Tensor):
            n.meta["shape"] = tuple(value.shape)
        if operation(n) == "batch_norm":
            features, _, _, mean, *_ = n.args
            if isinstance(mean, fx.Node) and isinstance(features, fx.Node):
                name = str(mean.target).removesuffix(".running_mean")
                self.noted[name].append(_statistics(self.env[features]))
        return value


@contextmanager
def _watched(module: nn.Module) -> Iterator[Noted]:
    noted: Noted = defaultdict(list)
    norms = [(name, m) for name, m in module.named_modules() if isinstance(m, _BatchNorm)]

    def noting(name: str) -> Any:
        return lambda layer, inputs: noted[name].append(_statistics(inputs[0]))

    hooks = [layer.register_forward_pre_hook(noting(name)) for name, layer in norms]
    try:
        yield noted
    finally:
        for hook in hooks:
            hook.remove()


def _statistics(features: Tensor) -> Tensor:
    columns = features.transpose(0, 1).flatten(1)
    return torch.stack([columns.mean(1), columns.std(1)])


def _differing(found: Noted, expected: Noted) -> Iterator[str]:
    """Names of norms that both have, whose calls differ in number or in what enters."""
    for name, calls in expected.items():
        own = found.get(name)
        if own is None:
            continue
        if len(own) != len(calls) or not all(map(_alike, own, calls)):
            yield name


def _alike(found: Tensor, expected: Tensor) -> bool:
    return found.shape == expected.shape and _distance(found, expected) <= TOLERANCE


def _distance(found: Tensor, expected: Tensor) -> float:
    return float((found - expected).abs().max() / expected.abs().max().clamp_min(1e-12))
