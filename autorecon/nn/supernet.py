"""The over-parameterised super net: every edge a mixture of its candidates (Eq. 3 and 4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs
import torch
from torch import Tensor, nn

from autorecon.graph import Space, derive_choices, genotype
from autorecon.nn.net import Branch, Connection, SpaceNet, Values


@attrs.frozen(eq=False)
class OneCandidate:
    """A mixture in which one candidate counts: its index, and a weight that is 1 in value.

    The weight may carry a gradient (straight-through); nothing else of the edge is computed.
    """

    index: int
    weight: Tensor


Mixture = Mapping[str, "Tensor | OneCandidate"]  # by edge name


class SuperNet(SpaceNet):
    """All candidates of all edges, with architecture parameters apart from the weights.

    They start at 1e-3 N(0, 1); edges with a single candidate have none. Called as `net(z, y)`,
    candidates are mixed with p = softmax(alpha); a search passes its own mixture, such as a
    Gumbel-softmax sample (Eq. 7).
    """

    def __init__(self, space: Space) -> None:
        super().__init__(space, space.edges, frozenset(space.nodes))
        for edge in space.choices:
            start = 1e-3 * torch.randn(len(edge.candidates))
            place, name = self._alpha_place(edge.name)
            place.register_parameter(name, nn.Parameter(start))
        self._mixture: Mixture = {}

    def _alpha_place(self, edge: str) -> tuple[Branch, str]:
        # torch takes a dot in a parameter's name for a level of modules.
        path, _, name = f"alpha.{edge}".rpartition(".")
        return self.branch(path), name

    @property
    def alpha(self) -> dict[str, nn.Parameter]:
        """Architecture parameters by edge name: vectors with one entry a candidate."""
        places = {edge.name: self._alpha_place(edge.name) for edge in self.space.choices}
        return {edge: place.get_parameter(name) for edge, (place, name) in places.items()}

    def forward(self, z: Tensor, y: Tensor, mixture: Mixture | None = None) -> Tensor:
        self._mixture = self.probabilities() if mixture is None else mixture
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
        """p = softmax(alpha) of every edge that has a choice, by edge name."""
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
