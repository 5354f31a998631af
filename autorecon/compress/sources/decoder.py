"""KegNet's decoder: reads the noise off an image, so that different noise must look different."""

from __future__ import annotations

import torch
from torch import Tensor, nn

WIDTH = 64


class Decoder(nn.Module):
    """Images [N, C, H, W] to noise [N, latent]: two strided convolutions and one linear layer.

    Means over a quarter of the image keep it independent of the images' size.
    """

    def __init__(self, channels: int, latent: int, seed: int) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Conv2d(channels, WIDTH, 3, 2, padding=1, bias=False),
                nn.BatchNorm2d(WIDTH),
                nn.LeakyReLU(0.2),
                nn.Conv2d(WIDTH, WIDTH, 3, 2, padding=1, bias=False),
                nn.BatchNorm2d(WIDTH),
                nn.LeakyReLU(0.2),
                nn.AdaptiveAvgPool2d(2),
                nn.Flatten(),
                nn.Linear(4 * WIDTH, latent),
            )

    def forward(self, images: Tensor) -> Tensor:
        noise: Tensor = self.layers(images)
        return noise
