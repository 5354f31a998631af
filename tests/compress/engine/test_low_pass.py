"""SynQ's filter, against what it does to single waves."""

from __future__ import annotations

import math

import pytest
import torch

from autorecon.compress.engine.low_pass import low_pass


def test_a_wave_is_damped_by_its_frequency() -> None:
    """3 cycles over 8 pixels down and 1 over 6 across: D^2 is the sum of both squares."""
    down, across = torch.arange(8.0) / 8, torch.arange(6.0) / 6
    waves = [
        (2 * math.pi * 3 * down).cos()[:, None].expand(8, 6),
        (2 * math.pi * (3 * down[:, None] + across)).sin(),
        torch.ones(8, 6),
    ]
    squares = (3 / 8) ** 2, (3 / 8) ** 2 + (1 / 6) ** 2, 0
    for wave, square in zip(waves, squares, strict=True):
        kept = math.exp(-square / (2 * 0.3**2))
        torch.testing.assert_close(low_pass(wave[None, None], 0.3)[0, 0], kept * wave)


@pytest.mark.parametrize("shape", [(2, 3, 7, 5), (1, 1, 1, 1), (2, 1, 4, 9)])
def test_images_keep_their_shape_and_their_means(shape: tuple[int, ...]) -> None:
    images = torch.randn(shape)
    filtered = low_pass(images, 0.1)
    assert filtered.shape == images.shape
    torch.testing.assert_close(filtered.mean((2, 3)), images.mean((2, 3)))


def test_it_is_that_of_centred_spectra_at_224() -> None:
    """As the paper has it: D in cycles over the image, from the middle of the shifted spectrum."""
    images = torch.randn(1, 1, 224, 224)
    line = torch.arange(224.0) - 112
    kept = (-(line[:, None].square() + line.square()) / (2 * 80**2)).exp()
    spectrum = torch.fft.fftshift(torch.fft.fft2(images), (2, 3)) * kept
    expected = torch.fft.ifft2(torch.fft.ifftshift(spectrum, (2, 3))).real
    torch.testing.assert_close(low_pass(images, 80 / 224), expected, atol=1e-5, rtol=1e-4)
