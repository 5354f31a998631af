"""Convolutions of repeated pixels are transposed convolutions of the pixels themselves.

With every pixel repeated `factor` times, a tap that is `offset` away takes pixel i to the output
positions factor*i + copy - offset, one for each copy. So pixel i reaches the positions around
factor*i through a kernel of its own, in which the original one is summed over the copies.
"""

from __future__ import annotations

from autorecon.lowering.plan import Grid


def transposed_size(grid: Grid, factor: int) -> int:
    """The width of that kernel: from the outermost tap before the first copy to that after the
    last."""
    return 2 * grid.reach + factor


def repeats_pay(grid: Grid, factor: int) -> bool:
    """Whether an output position then costs clearly fewer multiplications than taps."""
    return 2 * transposed_size(grid, factor) ** 2 < grid.taps * factor**2
