"""Parts of students' losses, and how they are put together.

torch is imported in the functions, since the catalogue of methods is read without it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.compress.batch import Answers, Batch
    from autorecon.compress.methods.method import Losses
    from autorecon.compress.settings import Settings
    from autorecon.objective import Request


LABELS = ("known", "sure", "all")
"""Of which images students learn what was asked for."""

SURE = 0.5
"""What a teacher that is sure gives more probability than."""


def hard(logits: Tensor, request: Request) -> Tensor:
    """Cross-entropy of logits [N, classes] and what the images were asked to show."""
    from torch.nn.functional import cross_entropy

    return cross_entropy(logits, request.labels if request.targets is None else request.targets)


def hard_of(which: str, logits: Tensor, batch: Batch) -> Tensor:
    """The same of the images that are "known", which the teacher takes for what they were asked to
    show, or of which it is "sure", the others counting as 0; or of "all", as GDFQ has it.

    Images of a generator that has learnt little are of other classes than those asked for, and
    their labels, against the teacher's answers, undo a student that is as good as its teacher.
    """
    from torch.nn.functional import cross_entropy

    if which == "all":
        return hard(logits, batch.request)
    labels, targets = batch.request.labels, batch.request.targets
    counts = {"known": is_known, "sure": is_sure}[which](batch.request, batch.logits)
    lost = cross_entropy(logits, labels if targets is None else targets, reduction="none")
    return (lost * counts).mean()


def is_known(request: Request, logits: Tensor) -> Tensor:
    """For each image [N] whether a class that it was asked to show is the first of the logits."""
    asked = request.labels[:, None]
    if request.targets is None:
        return logits.gather(1, asked).squeeze(1) >= logits.amax(1)
    return logits.where(request.targets > 0, -math.inf).amax(1) >= logits.amax(1)


def is_sure(request: Request, logits: Tensor) -> Tensor:
    """For each image [N] whether the logits give what it was asked to show more than half of all
    probability: SynQ's difficulty, 1 - p_y, is below its threshold."""
    shares = logits.softmax(1)
    if request.targets is None:
        return shares.gather(1, request.labels[:, None]).squeeze(1) > SURE
    return shares.where(request.targets > 0, 0.0).sum(1) > SURE


def divergence(student: Tensor, teacher: Tensor, temperature: float = 1.0) -> Tensor:
    """Mean over N of KL(softmax(teacher / T) || softmax(student / T)), of logits [N, classes]."""
    from torch.nn.functional import kl_div

    p, q = (teacher / temperature).softmax(1), (student / temperature).log_softmax(1)
    return kl_div(q, p, reduction="batchmean")


def imitation(answers: Answers, batch: Batch, config: Settings) -> Losses:
    """T^2 KL(softmax(teacher / T) || softmax(S / T)), T being 1 where a method has no temperature.

    With T^2 a student's steps are of one size at all temperatures (Hinton et al., 2015, section 2).
    """
    temperature = config.temperature or 1.0
    soft = divergence(answers.logits, batch.logits, temperature)
    return {"kl": (temperature**2, soft)}


def total(losses: Losses) -> tuple[Tensor, dict[str, Tensor]]:
    """The weighted sum of losses, and without a graph its value and that of each, unweighted."""
    first, *rest = (weight * loss for weight, loss in losses.values())
    summed = sum(rest, first)
    values = {"total": summed, **{name: loss for name, (_, loss) in losses.items()}}
    return summed, {name: value.detach() for name, value in values.items()}
