"""Terms of what the teacher answers. Only tensor methods are used, as in the other files of terms,
so that naming a term does not load torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.objective.errors import ObjectiveError
from autorecon.objective.registry import term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Observation

IMPRESSION_TEMPERATURE = 20.0
"""Of both softmaxes of ZSKD."""


@term(
    "ce",
    "cross-entropy of the teacher's logits and the classes asked for; GDFQ, L_class",
    asks_classes=True,
)
def ce(observation: Observation) -> Tensor:
    return asked_for(observation.logits, observation)


@term(
    "hard",
    "(1 - p)^2 times the cross-entropy, p being the probability of what was asked for; HAST",
    asks_classes=True,
)
def hard(observation: Observation) -> Tensor:
    """Images that are hard already count more than easy ones, and easy ones stay undone."""
    lost = losses_asked_for(observation.logits, observation)
    return ((1 - (-lost).exp()).square() * lost).mean()


def asked_for(logits: Tensor, observation: Observation) -> Tensor:
    """Cross-entropy of logits [N, classes] and the labels, or the shares of classes, asked for."""
    return losses_asked_for(logits, observation).mean()


def losses_asked_for(logits: Tensor, observation: Observation) -> Tensor:
    """The same of each image [N]."""
    targets = observation.request.targets
    log_probabilities = logits.log_softmax(1)
    if targets is None:
        return -log_probabilities.gather(1, observation.labels[:, None]).squeeze(1)
    return -(targets * log_probabilities).sum(1)


@term("entropy", "negative entropy of the mean prediction, which spreads the classes; DAFL, L_ie")
def entropy(observation: Observation) -> Tensor:
    mean = observation.logits.softmax(1).mean(0)
    # A class that no image shows adds 0; its logarithm must not.
    return (mean * mean.clamp_min(1e-30).log()).sum()


@term("doubt", "entropy of the teacher's answer to each image, low for sure answers; Choi et al.")
def doubt(observation: Observation) -> Tensor:
    log_probabilities = observation.logits.log_softmax(1)
    return -(log_probabilities.exp() * log_probabilities).sum(1).mean()


@term("onehot", "cross-entropy of the logits and their own argmax, for sure answers; DAFL, L_oh")
def onehot(observation: Observation) -> Tensor:
    return -observation.logits.log_softmax(1).amax(1).mean()


@term(
    "error",
    "share of images that the teacher takes for another class",
    differentiable=False,
    asks_classes=True,
)
def error(observation: Observation) -> Tensor:
    return (observation.logits.argmax(1) != observation.labels).double().mean()


@term(
    "activation",
    "negative mean magnitude of what enters the last layer; DAFL, L_a",
    needs=("features",),
)
def activation(observation: Observation) -> Tensor:
    if observation.features is None:
        raise ObjectiveError("the term 'activation' needs a Linear layer; the teacher has none")
    return -observation.features.abs().mean()


@term(
    "impression",
    "cross-entropy of softened logits and the softmax asked for; ZSKD",
    asks_classes=True,
)
def impression(observation: Observation) -> Tensor:
    return asked_for(observation.logits / IMPRESSION_TEMPERATURE, observation)
