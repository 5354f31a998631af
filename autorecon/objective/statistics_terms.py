"""Terms that compare a batch with the statistics that the teacher's BatchNorm layers stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.objective.errors import ObjectiveError
from autorecon.objective.registry import term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import LayerStatistics, Observation

_NEEDS = ("statistics",)


@term("bns", "distance to the BatchNorm statistics the teacher stored; GDFQ, L_bns", needs=_NEEDS)
def bns(observation: Observation) -> Tensor:
    """Mean over layers of MSE(mean, running_mean) + MSE(variance, running_var)."""
    distances = [_distance(layer) for layer in _layers(observation, "bns")]
    return sum(distances[1:], distances[0]) / len(distances)


def _distance(layer: LayerStatistics) -> Tensor:
    off_mean = (layer.mean - layer.running_mean).square().mean()
    return off_mean + (layer.variance - layer.running_var).square().mean()


@term("bns_std", "the same of standard deviations, the image's own too; ZeroQ", needs=_NEEDS)
def bns_std(observation: Observation) -> Tensor:
    """Sum over layers of MSE(mean) + MSE(std), the images counting as a layer of mean 0, std 1."""
    eps = 1e-6
    images = observation.images
    mean = images.mean((0, 2, 3))
    std = (images.var((0, 2, 3), correction=0) + eps).sqrt()
    total = mean.square().mean() + (std - 1).square().mean()
    for layer in _layers(observation, "bns_std"):
        off_std = (layer.variance + eps).sqrt() - (layer.running_var + eps).sqrt()
        total = total + (layer.mean - layer.running_mean).square().mean() + off_std.square().mean()
    return total


@term("bns_norm", "norms of the differences of BatchNorm statistics; DeepInversion", needs=_NEEDS)
def bns_norm(observation: Observation) -> Tensor:
    """Sum over layers of ||mean - running_mean|| + ||variance - running_var||."""
    norms = [
        (layer.mean - layer.running_mean).norm() + (layer.variance - layer.running_var).norm()
        for layer in _layers(observation, "bns_norm")
    ]
    return sum(norms[1:], norms[0])


@term("bns_kl", "divergence of Gaussians of the BatchNorm statistics; Choi et al.", needs=_NEEDS)
def bns_kl(observation: Observation) -> Tensor:
    """Sum over layers of the channels' mean KL(N(mean, variance) || N(running statistics))."""
    layers = _layers(observation, "bns_kl")
    divergences = [_divergence(layer) for layer in layers]
    return sum(divergences[1:], divergences[0])


def _divergence(layer: LayerStatistics) -> Tensor:
    eps = 1e-5
    variance, stored = layer.variance + eps, layer.running_var + eps
    ratio = variance / stored
    off = (layer.mean - layer.running_mean).square() / stored
    return ((ratio + off - 1 - ratio.log()) / 2).mean()


def _layers(observation: Observation, name: str) -> list[LayerStatistics]:
    if not observation.statistics:
        raise ObjectiveError(f"the term '{name}' needs BatchNorm layers; the teacher has none")
    return observation.statistics
