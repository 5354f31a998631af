"""A compressed model as its user has it."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from autorecon.compress.errors import CompressError
from autorecon.records.packed import PackedStudent


class CompressedModel(nn.Module):
    """A classifier of normalised images [N, *image_shape], in eval mode.

    `bits` is "" of a distilled network; `mean` and `std`, a number a channel, are None where it is
    not known what images are normalised with. `about` is all that its file says.
    """

    def __init__(self, network: nn.Module, about: PackedStudent) -> None:
        super().__init__()
        self.network, self.about = network, about
        self.image_shape, self.classes, self.bits = about.image_shape, about.classes, about.bits
        self.mean, self.std = about.mean, about.std
        self.eval().requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        """Logits [N, classes]."""
        return cast(Tensor, self.network(images))

    def normalise(self, pixels: Tensor) -> Tensor:
        """Images [..., C, H, W] with pixels 0..1 as the network takes them; CompressError where
        its file does not say how."""
        if self.mean is None or self.std is None:
            raise CompressError(
                f"it is not known how images for {self.about.teacher} are normalised"
            )
        mean, std = (
            torch.tensor(values, dtype=pixels.dtype, device=pixels.device).view(-1, 1, 1)
            for values in (self.mean, self.std)
        )
        return (pixels - mean) / std

    def extra_repr(self) -> str:
        return f"{self.about.teacher} {self.bits or 'distilled'}, images {list(self.image_shape)}"
