"""Convolutions of repeated pixels: which taps of a kernel fall on which pixel.

With every pixel repeated `factor` times, output position factor*i + phase reads, through the tap
that is `offset` away, pixel i + floor((phase + offset) / factor): a kernel of its own for each
phase, whose taps are sums of the taps that share a pixel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from autorecon.lowering.plan import Grid


class Phases(NamedTuple):
    """Per phase, the pixel that its first tap reads (relative), and all kernels' common width.

    `taps[phase][tap]` is the place within that width of the pixel which a tap reads.
    """

    starts: tuple[int, ...]
    width: int
    taps: tuple[tuple[int, ...], ...]

    @property
    def padding(self) -> int:
        return max(-min(self.starts), max(self.starts) + self.width - 1)


@lru_cache(maxsize=256)
def phases(grid: Grid, factor: int) -> Phases:
    """Along one axis."""
    offsets = [grid.dilation * tap - grid.reach for tap in range(grid.size)]
    pixels = [[(phase + offset) // factor for offset in offsets] for phase in range(factor)]
    starts = tuple(row[0] for row in pixels)
    width = max(row[-1] - row[0] for row in pixels) + 1
    taps = tuple(tuple(pixel - row[0] for pixel in row) for row in pixels)
    return Phases(starts, width, taps)


def phases_pay(grid: Grid, factor: int) -> bool:
    """Whether kernels by phase have clearly fewer taps: putting phases together costs a copy."""
    return 2 * phases(grid, factor).width ** 2 < grid.taps
