"""The two doors between the host and the device that nets are computed on.

Small numbers are drawn on the host, so that a seed means the same everywhere, and are sent; what
came of a step is fetched, which waits until the device has done all that it was given.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def sent(tensor: Tensor, device: torch.device | str) -> Tensor:
    """A tensor of the host on a device, for which the host does not wait; on the CPU itself."""
    if torch.device(device).type == "cuda":
        tensor = tensor.pin_memory()  # from any other memory, CUDA's copies are waited for
    return tensor.to(device, non_blocking=True)


def sent_together(tensors: Sequence[Tensor], device: torch.device | str) -> list[Tensor]:
    """The same of several of one type, in one piece."""
    return _parted(sent(torch.cat([t.flatten() for t in tensors]), device), tensors)


def fetched(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Copies of tensors of one device on the host, of which the widest type is that of all."""
    if not tensors:
        return []
    return _parted(torch.cat([t.detach().flatten() for t in tensors]).cpu(), tensors)


def _parted(whole: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    parts = whole.split([tensor.numel() for tensor in like])
    return [part.view(tensor.shape) for part, tensor in zip(parts, like, strict=True)]
