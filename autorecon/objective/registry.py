"""The catalogue of loss terms, which a user's own module may add to."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import TYPE_CHECKING

import attrs

from autorecon.objective.errors import ObjectiveError

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Observation

Loss = Callable[["Observation"], "Tensor"]

NEEDS = {
    "statistics": "BatchNorm layers with running statistics",
    "features": "a Linear layer at its end",
}
"""What a term, or a method, may need of the teacher."""


@attrs.frozen
class Term:
    """A named scalar loss of an observation, to be minimised by the images.

    One that needs the student or the architecture is left out of the sum where there is none;
    one that is not differentiable can judge architectures and train nothing. `needs` are names of
    NEEDS; a decoder reads the noise off the images of a generator. One that asks for classes
    compares with the labels, and says nothing of images that were made without them.
    """

    name: str
    summary: str
    loss: Loss
    needs_student: bool = False
    needs_architecture: bool = False
    differentiable: bool = True
    needs: tuple[str, ...] = ()
    needs_decoder: bool = False
    asks_classes: bool = False

    @property
    def trains_generators(self) -> bool:
        """Whether a generator can be trained by it alone, before there is anything else."""
        return self.differentiable and not (self.needs_student or self.needs_architecture)

    def applies(self, observation: Observation) -> bool:
        """Whether the observation has what the term looks at."""
        student, architecture = observation.student_logits, observation.architecture
        return not (self.needs_student and student is None) and not (
            self.needs_architecture and architecture is None
        )


_TERMS: dict[str, Term] = {}
TERMS = MappingProxyType(_TERMS)


def term(
    name: str,
    summary: str,
    *,
    needs_student: bool = False,
    needs_architecture: bool = False,
    differentiable: bool = True,
    needs: tuple[str, ...] = (),
    needs_decoder: bool = False,
    asks_classes: bool = False,
) -> Callable[[Loss], Loss]:
    """Register the decorated function as the term `name`; `Term` says what the flags mean.

    Raises ObjectiveError for a name that no objective could spell, or that is taken.
    """

    def register(loss: Loss) -> Loss:
        if not name.isidentifier():
            raise ObjectiveError(f"a term's name is one word of letters and digits, not '{name}'")
        taken = _TERMS.get(name)
        if taken and not _same_source(taken.loss, loss):
            raise ObjectiveError(f"the term '{name}' exists already ({taken.summary})")
        flags = (needs_student, needs_architecture, differentiable, needs, needs_decoder)
        _TERMS[name] = Term(name, summary, loss, *flags, asks_classes)
        return loss

    return register


def _same_source(old: Loss, new: Loss) -> bool:
    """A notebook's cell that is run again, or a module reloaded, may register its term again."""
    return (old.__module__, old.__qualname__) == (new.__module__, new.__qualname__)
