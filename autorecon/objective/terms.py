"""The shipped terms. Only tensor methods are used, so that naming a term does not load torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.objective.errors import ObjectiveError
from autorecon.objective.registry import term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import LayerStatistics, Observation


@term("ce", "cross-entropy of the teacher's logits and the labels asked for; GDFQ, L_class")
def ce(observation: Observation) -> Tensor:
    log_probabilities = observation.logits.log_softmax(1)
    return -log_probabilities.gather(1, observation.labels[:, None]).mean()


@term("bns", "distance to the BatchNorm statistics the teacher stored; AutoReCon, L_bns")
def bns(observation: Observation) -> Tensor:
    """Mean over layers of MSE(mean, running_mean) + MSE(variance, running_var)."""
    if not observation.statistics:
        raise ObjectiveError("the term 'bns' needs BatchNorm2d layers; the teacher has none")
    distances = [_distance(layer) for layer in observation.statistics]
    return sum(distances[1:], distances[0]) / len(distances)


def _distance(layer: LayerStatistics) -> Tensor:
    off_mean = (layer.mean - layer.running_mean).square().mean()
    return off_mean + (layer.variance - layer.running_var).square().mean()


@term("entropy", "negative entropy of the mean prediction, which spreads the classes; DAFL, L_ie")
def entropy(observation: Observation) -> Tensor:
    mean = observation.logits.softmax(1).mean(0)
    # A class that no image shows adds 0; its logarithm must not.
    return (mean * mean.clamp_min(1e-30).log()).sum()


@term("onehot", "cross-entropy of the logits and their own argmax, for sure answers; DAFL, L_oh")
def onehot(observation: Observation) -> Tensor:
    return -observation.logits.log_softmax(1).amax(1).mean()


@term("error", "share of images that the teacher takes for another class", differentiable=False)
def error(observation: Observation) -> Tensor:
    return (observation.logits.argmax(1) != observation.labels).double().mean()
