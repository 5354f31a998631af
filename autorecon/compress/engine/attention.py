"""Attention maps: where in an image a network's features are large (Zagoruyko and Komodakis)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import normalize

from autorecon.nn import at_least_float32

SMALLEST = 2
"""Positions under which a map says nothing of where."""


def attention(features: Tensor) -> Tensor:
    """Features [N, C, H, W] to unit vectors [N, H * W]: their mean square over channels."""
    return normalize(at_least_float32(features).square().mean(1).flatten(1))


@contextmanager
def watch_attention(module: nn.Module) -> Iterator[dict[int, Tensor]]:
    """Note a network's attention map at each size of its features, by the number of positions.

    It is that of the last layer of the size, hence of the end of a stage; what is noted is whole
    when the context ends. Networks of different architectures have sizes, not layers, in common.
    """
    last: dict[int, Tensor] = {}
    maps: dict[int, Tensor] = {}
    leaves = [layer for layer in module.modules() if not list(layer.children())]
    hooks = [layer.register_forward_hook(_note_into(last)) for layer in leaves]
    try:
        yield maps
        maps |= {size: attention(features) for size, features in last.items()}
    finally:
        for hook in hooks:
            hook.remove()


def _note_into(last: dict[int, Tensor]) -> Callable[[nn.Module, tuple[Any, ...], Any], None]:
    def note(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        if isinstance(output, Tensor) and output.dim() == 4:
            positions = output.shape[2] * output.shape[3]
            if positions >= SMALLEST:
                last[positions] = output

    return note
