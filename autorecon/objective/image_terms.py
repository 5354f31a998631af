"""Terms of the images alone, and of the noise that a generator made them of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.objective.errors import ObjectiveError
from autorecon.objective.registry import term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Observation


@term("tv", "total variation: norms of the differences of neighbouring pixels; DeepInversion")
def tv(observation: Observation) -> Tensor:
    """Four norms over the batch: across, down, and along both diagonals."""
    x = observation.images
    pairs = (
        (x[..., :, 1:], x[..., :, :-1]),
        (x[..., 1:, :], x[..., :-1, :]),
        (x[..., 1:, 1:], x[..., :-1, :-1]),
        (x[..., 1:, :-1], x[..., :-1, 1:]),
    )
    norms = [(one - other).norm() for one, other in pairs]
    return sum(norms[1:], norms[0])


@term("l2", "mean norm of an image, which keeps pixels small; DeepInversion, R_l2")
def l2(observation: Observation) -> Tensor:
    return observation.images.flatten(1).norm(dim=1).mean()


@term("smooth", "squared distance of images to themselves, blurred; Haroush et al., domain prior")
def smooth(observation: Observation) -> Tensor:
    """Mean squared distance to a 3x3 binomial blur, of the pixels inside the border."""
    x = observation.images
    across = (x[..., :-2] + 2 * x[..., 1:-1] + x[..., 2:]) / 4
    blurred = (across[..., :-2, :] + 2 * across[..., 1:-1, :] + across[..., 2:, :]) / 4
    return (x[..., 1:-1, 1:-1] - blurred).square().mean()


@term("spread", "small where different noise makes different images; KegNet")
def spread(observation: Observation) -> Tensor:
    """exp of the negative mean over pairs of (noise distance) x (image distance)."""
    noise = observation.request.noise
    if noise is None or not noise.numel():
        raise ObjectiveError("the term 'spread' needs a generator: these images come of no noise")
    images, noise = observation.images.flatten(1), noise.flatten(1)
    apart = (images[:, None] - images).abs().mean(2)
    asked = (noise[:, None] - noise).square().mean(2)
    return (-(asked * apart).mean()).exp()


@term("decode", "error of a decoder that reads the noise off an image; KegNet", needs_decoder=True)
def decode(observation: Observation) -> Tensor:
    noise = observation.request.noise
    if noise is None or observation.recovered is None:
        raise ObjectiveError("the term 'decode' needs a generator and its decoder")
    return (observation.recovered - noise).square().mean()
