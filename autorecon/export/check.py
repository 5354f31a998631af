"""What was written is compared with the generator, number by number."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from autorecon.export.errors import ExportError
from autorecon.nn import Generator

TOLERANCE = 1e-4
"""Of a difference, relative to the largest value: float32 sums in another order stay far below."""

Images = Callable[[Tensor, Tensor], Tensor]


@torch.no_grad()
def compare(net: Generator, exported: Images, batches: Sequence[int], name: str) -> float:
    """The largest relative difference of images [N, C, H, W] over batches of these sizes.

    Noise and labels are drawn afresh, the same every time. Raises ExportError past TOLERANCE.
    """
    random = torch.Generator().manual_seed(0)
    inputs = [example(net, batch, random) for batch in batches]
    found = max(difference(exported(z, y), net(z, y)) for z, y in inputs)
    if not found <= TOLERANCE:
        raise ExportError(f"{name} would compute something else: images differ by {found:.1e}")
    return found


@torch.no_grad()
def compare_training(net: Generator, exported: nn.Module, name: str) -> float:
    """The same for a step in training mode, running statistics and all; both are left alone."""
    first, second = copy.deepcopy(net).train(), copy.deepcopy(exported).train()
    images = compare(first, second, [4], name)
    states = second.state_dict()
    pairs = ((states[key].double(), value.double()) for key, value in first.state_dict().items())
    found = max((difference(mine, theirs) for mine, theirs in pairs), default=0.0)
    if not found <= TOLERANCE:
        raise ExportError(f"{name} would train otherwise: its statistics differ by {found:.1e}")
    return max(images, found)


def example(
    net: Generator, batch: int, random: torch.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """Noise and labels as `net` takes them, of its precision."""
    z, y = net.example_inputs(batch, random)
    return z.to(next((p.dtype for p in net.parameters()), z.dtype)), y


def difference(found: Tensor, expected: Tensor) -> float:
    """The largest difference relative to the largest expected value; infinite for other shapes."""
    if found.shape != expected.shape:
        return float("inf")
    # The mean of what is normalised already is nothing but rounding.
    scale = expected.abs().max().clamp_min(1e-3)
    return float((found - expected).abs().max() / scale)
