"""Terms in which the images are made for a student, or against it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from autorecon.objective.registry import term
from autorecon.objective.terms import asked_for

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Observation

LOWER, UPPER = 0.1, 0.8
"""AdaDFQ's margin: shares of the greatest entropy between which images adapt to the student."""

COMPETITION_TEMPERATURE = 3.0


def _student(observation: Observation) -> Tensor:
    assert observation.student_logits is not None  # the objective leaves such terms out
    return observation.student_logits


@term("adversarial_l1", "minus the mean distance of both models' logits; DFAD", needs_student=True)
def adversarial_l1(observation: Observation) -> Tensor:
    return -(observation.logits - _student(observation)).abs().mean()


@term(
    "adversarial_kl",
    "minus KL(teacher || student); Micaelli and Storkey, Eq. 1",
    needs_student=True,
)
def adversarial_kl(observation: Observation) -> Tensor:
    teacher = observation.logits.log_softmax(1)
    student = _student(observation).log_softmax(1)
    return -(teacher.exp() * (teacher - student)).sum(1).mean()


@term(
    "adversarial_agreed",
    "minus KL(teacher || student) of the images on which both name one class; CMI",
    needs_student=True,
)
def adversarial_agreed(observation: Observation) -> Tensor:
    """Images of which the student is wrong already are left to the teacher: it counts those only
    that can still be brought to the border of what the student knows. Others count as 0."""
    teacher = observation.logits.log_softmax(1)
    student = _student(observation).log_softmax(1)
    agreed = teacher.argmax(1) == student.argmax(1)
    return -((teacher.exp() * (teacher - student)).sum(1) * agreed).mean()


@term(
    "follow", "cross-entropy of the student's logits and the teacher's answers", needs_student=True
)
def follow(observation: Observation) -> Tensor:
    """A cooperative term: images on which the student can already follow the teacher."""
    answers = observation.logits.argmax(1, keepdim=True)
    return -_student(observation).log_softmax(1).gather(1, answers).mean()


@term("competition", "1 - JS divergence of both models; Adaptive DeepInversion", needs_student=True)
def competition(observation: Observation) -> Tensor:
    """Of the softened answers (T = 3); 1 where the models agree, less where they do not."""
    p = (observation.logits / COMPETITION_TEMPERATURE).softmax(1)
    q = (_student(observation) / COMPETITION_TEMPERATURE).softmax(1)
    between = (p + q) / 2
    divergence = (_relative(p, between) + _relative(q, between)) / 2
    return 1 - divergence.clamp(0, 1)


def _relative(p: Tensor, q: Tensor) -> Tensor:
    tiny = 1e-8
    return (p * (p.clamp_min(tiny) / q.clamp_min(tiny)).log()).sum(1).mean()


@term(
    "disagreement",
    "cross-entropy of teacher - student and the labels; AdaDFQ",
    needs_student=True,
    asks_classes=True,
)
def disagreement(observation: Observation) -> Tensor:
    return asked_for(observation.logits - _student(observation), observation)


@term(
    "agreement",
    "cross-entropy of teacher + student and the labels; AdaDFQ",
    needs_student=True,
    asks_classes=True,
)
def agreement(observation: Observation) -> Tensor:
    return asked_for(observation.logits + _student(observation), observation)


@term("margin", "keeps the models' disagreement between two bounds; AdaDFQ", needs_student=True)
def margin(observation: Observation) -> Tensor:
    """Hinges on the entropy of softmax(teacher - student), from the batch's least to the most."""
    apart = (observation.logits - _student(observation)).log_softmax(1)
    entropy = -(apart.exp() * apart).sum(1)
    least, most = entropy.min(), math.log(apart.shape[1])
    # Guarded: a batch without any disagreement has the least entropy at the most.
    share = (entropy - least) / (most - least).clamp_min(1e-6)
    return (LOWER - share).clamp_min(0).mean() + (share - UPPER).clamp_min(0).mean()
