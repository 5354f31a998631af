"""Data-free quantization by weight equalization and bias correction (Nagel et al., ICCV 2019)."""

from autorecon.compress.equalization.correct import correct_biases, set_ranges
from autorecon.compress.equalization.equalize import absorb, equalize, find_pairs
from autorecon.compress.equalization.fold import fold_batch_norms
from autorecon.compress.equalization.moments import Moments, propagate

__all__ = [
    "Moments",
    "absorb",
    "correct_biases",
    "equalize",
    "find_pairs",
    "fold_batch_norms",
    "propagate",
    "set_ranges",
]
