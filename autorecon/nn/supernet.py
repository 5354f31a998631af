"""The over-parameterised super net: every edge a mixture of its candidates (Eq. 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from autorecon.graph import Space, derive_choices, genotype
from autorecon.nn.mixture import Mixture, OneCandidate, edge_mixture
from autorecon.nn.net import Branch, Connection, SpaceNet, Values


class SuperNet(SpaceNet):
    """All candidates of all edges, with architecture parameters apart from the weights.

    They start at 1e-3 N(0, 1), a vector a decision. Called as `net(z, y)`, candidates are mixed
    with p = softmax(alpha); a search passes its own mixture, such as a Gumbel-softmax sample
    (Eq. 7), which `edge_mixture` makes of one over decisions.
    """

    def __init__(self, space: Space) -> None:
        super().__init__(space, space.edges, frozenset(space.nodes))
        for decision in space.decisions:
            start = 1e-3 * torch.randn(len(decision.options))
            place, name = self._alpha_place(decision.name)
            place.register_parameter(name, nn.Parameter(start))
        self._mixture: Mixture = {}

    def _alpha_place(self, decision: str) -> tuple[Branch, str]:
        # torch takes a dot in a parameter's name for a level of modules.
        path, _, name = f"alpha.{decision}".rpartition(".")
        return self.branch(path), name

    @property
    def alpha(self) -> dict[str, nn.Parameter]:
        """Architecture parameters by decision: vectors with one entry an option."""
        places = {d.name: self._alpha_place(d.name) for d in self.space.decisions}
        return {decision: place.get_parameter(name) for decision, (place, name) in places.items()}

    def forward(self, z: Tensor, y: Tensor, mixture: Mixture | None = None) -> Tensor:
        if mixture is None:
            mixture = edge_mixture(self.space, self.probabilities())
        self._mixture = mixture
        try:
            return self._run(z, y)
        finally:
            self._mixture = {}

    def _edge(self, connection: Connection, values: Values) -> Tensor | None:
        x = values[connection.edge.source]
        mixed = self._mixture.get(connection.edge.name)
        if mixed is None:  # a single candidate: there is nothing to mix
            only = connection.candidates[0]
            return None if only.pipeline.is_none else only.layer(x, values)
        if isinstance(mixed, OneCandidate):
            chosen = connection.candidates[mixed.index]
            return None if chosen.pipeline.is_none else mixed.weight * chosen.layer(x, values)
        total: Tensor | None = None
        for weight, candidate in zip(mixed, connection.candidates, strict=True):
            if not candidate.pipeline.is_none:
                part = weight * candidate.layer(x, values)
                total = part if total is None else total + part
        return total

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
