"""A Gaussian low-pass filter: what teachers see and students learn from has no fine noise.

Kim, Kim and Kang, SynQ: Accurate Zero-shot Quantization by Synthesis-aware Fine-tuning, ICLR 2025:
images that are made have more of the high frequencies than real ones.
"""

from __future__ import annotations

import torch
from torch import Tensor


def low_pass(images: Tensor, cutoff: float) -> Tensor:
    """Images [N, C, H, W] to F^-1[F(x) exp(-D^2 / 2 D0^2)], D being a frequency's distance from 0
    and D0 the `cutoff`, both in cycles a pixel: 80 cycles over 224 pixels are 0.36."""
    height, width = images.shape[2:]
    down = torch.fft.fftfreq(height, device=images.device).square()
    across = torch.fft.rfftfreq(width, device=images.device).square()
    kept = (-(down[:, None] + across) / (2 * cutoff**2)).exp()
    filtered: Tensor = torch.fft.irfft2(torch.fft.rfft2(images) * kept, (height, width))
    return filtered
