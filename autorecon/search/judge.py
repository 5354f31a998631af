"""L_r of a super net's images: on fresh noise to learn by, on the same noise to compare by."""

from __future__ import annotations

import attrs
import torch
from torch import Tensor, nn

from autorecon.nn import Compute, Sampled, SuperNet, edge_mixture
from autorecon.objective import (
    Architecture,
    Objective,
    Request,
    TeacherView,
    Values,
    numbers,
    require_finite,
)
from autorecon.objective.joining import own_share, shared

# Apart from the seed of the search's own draws, so that no strategy learns on what judges it.
_JUDGING = 0x6A75646765


class Judge:
    """What a strategy asks of the super net and the teacher."""

    def __init__(
        self,
        net: SuperNet,
        teacher: nn.Module,
        objective: Objective,
        batch: int,
        random: torch.Generator,
        compute: Compute = Compute(),
    ) -> None:
        self.net, self.objective, self._compute = net, objective, compute
        self._view = TeacherView(teacher, compute)
        self._batch, self._random = batch, random
        fixed = torch.Generator().manual_seed(random.initial_seed() ^ _JUDGING)
        self._fixed = net.example_inputs(batch, fixed)
        self.device = self._fixed[0].device

    def fresh(
        self, sampled: Sampled, architecture: Architecture | None = None
    ) -> tuple[Tensor, Values]:
        """The loss on newly drawn noise and labels, with its graph, and its terms' values."""
        return self._loss(self.net.example_inputs(self._batch, self._random), sampled, architecture)

    @torch.no_grad()
    def fixed(self, sampled: Sampled, architecture: Architecture | None = None) -> dict[str, float]:
        """`total` and each term's value on noise and labels that are the same every time.

        They are read, to be compared. Raises DivergedError for what is infinite or no number.
        """
        total, parts = self._loss(self._fixed, sampled, architecture)
        (found,) = numbers([{"total": total, **parts}])
        require_finite(found)
        return found

    def _loss(
        self, inputs: tuple[Tensor, Tensor], sampled: Sampled, architecture: Architecture | None
    ) -> tuple[Tensor, Values]:
        z, y = inputs
        request = Request(y, noise=z)
        own = own_share(request)
        mixture = edge_mixture(self.net.space, sampled)
        images = self._compute(self.net, own.noise, own.labels, mixture)
        seen = shared(self._view(images, own), request)
        return self.objective(attrs.evolve(seen, architecture=architecture))
