"""The over-parameterised super net: every edge a mixture of its candidates (Eq. 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from autorecon.graph import Space, derive_choices, genotype
from autorecon.lowering import Plan
from autorecon.nn.mixture import Mixture, edge_mixture, kept
from autorecon.nn.net import Branch, SpaceNet

MAX_PLANS = 16  # of sampled architectures that are kept


class SuperNet(SpaceNet):
    """All candidates of all edges, with architecture parameters apart from the weights.

    They start at 1e-3 N(0, 1), a vector a decision. Called as `net(z, y)`, candidates are mixed
    with p = softmax(alpha); a search passes its own mixture, such as a Gumbel-softmax sample
    (Eq. 7), which `edge_mixture` makes of one over decisions. Only what leads to the image is
    computed: norms of nodes that a sampled architecture leaves dead keep their running statistics.

    Candidates are fused into few operations; without `fuse` each is computed by itself.
    """

    def __init__(self, space: Space, *, fuse: bool = True) -> None:
        super().__init__(space, fuse)
        for decision in space.decisions:
            start = 1e-3 * torch.randn(len(decision.options))
            place, name = self._alpha_place(decision.name)
            place.put_parameter(name, nn.Parameter(start))
        self._plans: dict[tuple, Plan] = {}

    def _alpha_place(self, decision: str) -> tuple[Branch, str]:
        # torch takes a dot in a parameter's name for a level of modules.
        path, _, name = f"alpha.{decision}".rpartition(".")
        return self.branch(path), name

    @property
    def alpha(self) -> dict[str, nn.Parameter]:
        """Architecture parameters by decision: vectors with one entry an option."""
        places = {d.name: self._alpha_place(d.name) for d in self.space.decisions}
        return {decision: place.parameter(name) for decision, (place, name) in places.items()}

    def forward(
        self, z: Tensor | None, y: Tensor | None = None, mixture: Mixture | None = None
    ) -> Tensor:
        if mixture is None:
            mixture = edge_mixture(self.space, self.probabilities())
        return self._run(self.plan(mixture), z, y, mixture)

    def plan(self, mixture: Mixture) -> Plan:
        """Plans of late are kept: that of all candidates serves every step of a soft search."""
        chosen = kept(mixture)
        key = tuple(sorted(chosen.items()))
        plan = self._plans.pop(key, None) or self._plan(chosen)
        self._plans[key] = plan
        if len(self._plans) > MAX_PLANS:
            del self._plans[next(iter(self._plans))]
        return plan

    def probabilities(self) -> dict[str, Tensor]:
        """p = softmax(alpha) of every decision, by its name."""
        return {name: alpha.softmax(0) for name, alpha in self.alpha.items()}

    def architecture_parameters(self) -> Iterator[nn.Parameter]:
        yield from self.alpha.values()

    def weight_parameters(self) -> Iterator[nn.Parameter]:
        """Everything that is trained but alpha."""
        apart = {id(alpha) for alpha in self.alpha.values()}
        return (p for p in self.parameters() if id(p) not in apart)

    def genotype(self) -> Space:
        """The most probable architecture (Eq. 8), repaired so that the noise reaches the image."""
        found = {name: p.tolist() for name, p in self.probabilities().items()}
        return genotype(self.space, derive_choices(self.space, found))
