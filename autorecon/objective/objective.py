"""L_r, what a generator minimises: a weighted sum of registered terms (Eq. 1 of AutoReCon)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

# The modules that register the shipped terms.
import autorecon.objective.architecture_terms
import autorecon.objective.image_terms
import autorecon.objective.statistics_terms
import autorecon.objective.student_terms
import autorecon.objective.terms  # noqa: F401
from autorecon.objective.parse import parse_terms
from autorecon.objective.registry import Term

if TYPE_CHECKING:
    from torch import Tensor

    from autorecon.objective.observation import Observation


@attrs.frozen
class Objective:
    """A sum of weighted terms; calling it on an observation gives the loss and its parts."""

    terms: tuple[tuple[float, Term], ...]

    @classmethod
    def parse(cls, text: str, *, has_student: bool = False) -> Objective:
        """Read `ce + 0.1*bns`; raises ObjectiveError with the column of the fault.

        Unless there is a student from the first step on, some term must do without one.
        """
        return cls(tuple(parse_terms(text, has_student=has_student)))

    @property
    def needs(self) -> tuple[str, ...]:
        """What the terms need of the teacher, as names of NEEDS."""
        return tuple(dict.fromkeys(need for _, term in self.terms for need in term.needs))

    @property
    def needs_student(self) -> bool:
        return any(term.needs_student for _, term in self.terms)

    @property
    def needs_architecture(self) -> bool:
        return any(term.needs_architecture for _, term in self.terms)

    @property
    def needs_decoder(self) -> bool:
        return any(term.needs_decoder for _, term in self.terms)

    @property
    def asks_classes(self) -> bool:
        return any(term.asks_classes for _, term in self.terms)

    def __str__(self) -> str:
        first, *rest = [_spelled(weight, term) for weight, term in self.terms]
        return first.removeprefix("+ ").replace("- ", "-") + "".join(f" {item}" for item in rest)

    def __call__(self, observation: Observation) -> tuple[Tensor, dict[str, Tensor]]:
        """The total with its graph, and without one each term's value before its weight, all 0-d.

        Nothing of it is looked at, for which a GPU would have to be waited for.
        """
        losses = {term.name: term.loss(observation) for _, term in self._live(observation)}
        weighted = [weight * losses[term.name] for weight, term in self._live(observation)]
        total = sum(weighted[1:], weighted[0])
        return total, {name: loss.detach() for name, loss in losses.items()}

    def _live(self, observation: Observation) -> list[tuple[float, Term]]:
        return [(weight, term) for weight, term in self.terms if term.applies(observation)]


def _spelled(weight: float, term: Term) -> str:
    size = "" if abs(weight) == 1 else repr(abs(weight)).removesuffix(".0") + "*"
    return f"{'-' if weight < 0 else '+'} {size}{term.name}"
