"""Images between classes: a generator's class embeddings in a superposition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


def embeddings(generator: nn.Module) -> list[nn.Embedding]:
    """Every table of a generator that a class chooses a row of."""
    return [layer for layer in generator.modules() if isinstance(layer, nn.Embedding)]


@contextmanager
def mixed_labels(generator: nn.Module, shares: Tensor | None) -> Iterator[None]:
    """While this lasts, embeddings give the mean of their rows under `shares` [N, classes].

    Without shares nothing is changed. Conditional norms are mixed as well: their factors and
    offsets are embeddings.
    """
    layers = embeddings(generator) if shares is not None else []
    hooks = [layer.register_forward_hook(_mix(shares)) for layer in layers if shares is not None]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _mix(shares: Tensor) -> Callable[[nn.Embedding, tuple[Any, ...], Tensor], Tensor]:
    def mix(layer: nn.Embedding, inputs: tuple[Any, ...], output: Tensor) -> Tensor:
        table = layer.weight  # a buffer, if it is frozen
        return (shares.to(table) @ table).view_as(output)

    return mix
