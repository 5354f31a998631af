"""Data-free quantization by weight equalization and bias correction (Nagel et al., ICCV 2019).

In comes the captured graph of a network with BatchNorm layers, out the same function with weights
that are easier to round, and the moments of its values, by which ranges and biases are set.
"""

from autorecon.compress.equalization.correct import correct_biases, hold_statistics, set_ranges
from autorecon.compress.equalization.equalize import absorb, equalize, find_pairs
from autorecon.compress.equalization.moments import Moments, propagate

__all__ = [
    "Moments",
    "absorb",
    "correct_biases",
    "equalize",
    "find_pairs",
    "hold_statistics",
    "propagate",
    "set_ranges",
]
