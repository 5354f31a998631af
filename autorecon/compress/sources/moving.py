"""Images shifted and mirrored at random, each by itself: what they show stays the same."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor

from autorecon.nn import processes
from autorecon.nn.transfer import sent

SHARE = 8
"""A shift is by up to so great a part of an image's size: 4 pixels at 32x32, as is usual."""


@attrs.frozen(eq=False)
class Moves:
    """Where the rows [N, H] and columns [N, W] of each image are taken from.

    What is shifted out comes in at the other side: nothing has to be known of what lies beyond the
    border, and a gradient is a sum of one term, hence the same every time on any device.
    """

    rows: Tensor
    columns: Tensor

    @classmethod
    def draw(cls, images: torch.Size, random: torch.Generator, device: str) -> Moves:
        """Of images of a shape [N, C, H, W], half of which are mirrored."""
        count, _, height, width = images
        rows, columns = (_shifted(count, size, random) for size in (height, width))
        mirrored = torch.rand(count, 1, generator=random) < 0.5
        columns = torch.where(mirrored, width - 1 - columns, columns)
        return cls(sent(rows, device), sent(columns, device))

    @property
    def own(self) -> Moves:
        """Those of this process's images."""
        return Moves(processes.part(self.rows), processes.part(self.columns))

    def __call__(self, images: Tensor) -> Tensor:
        """Images [N, C, H, W], moved, with a graph."""
        _, channels, height, width = images.shape
        down = images.gather(2, self.rows[:, None, :, None].expand(-1, channels, -1, width))
        return down.gather(3, self.columns[:, None, None].expand(-1, channels, height, -1))


def _shifted(count: int, size: int, random: torch.Generator) -> Tensor:
    """Positions [count, size] of a row or column after a shift of its own."""
    most = size // SHARE
    by = torch.randint(-most, most + 1, (count, 1), generator=random)
    return (torch.arange(size) + by) % size
