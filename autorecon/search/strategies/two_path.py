"""ProxylessNAS: binary gates, and two candidates a decision compared in an architecture step."""

from __future__ import annotations

import torch
from torch import Tensor

from autorecon.nn import OneCandidate, Sampled, SomeCandidates
from autorecon.nn.transfer import sent_together
from autorecon.objective import Values
from autorecon.search.samples import draw_valid
from autorecon.search.strategies.gradient import GradientStrategy

Pairs = dict[str, Tensor]  # by decision: the active candidate's index, and the other's


class TwoPath(GradientStrategy):
    """Weight steps train one drawn path.

    An architecture step draws two candidates a decision by their probabilities, without putting
    back, and computes these alone; one of them, drawn between the two, makes the images, and
    gradients are those of the gates (section 3.2.1 of ProxylessNAS). Only the two change, and so
    that the probabilities of the others stay.
    """

    betas = (0.0, 0.999)

    def draw(self) -> Sampled:
        found = draw_valid(self.space, lambda: self._drawn(1), _active)
        one = torch.ones(())
        return {name: OneCandidate(k, one) for name, k in _active(found).items()}

    def sample(self) -> Sampled:
        pairs = draw_valid(self.space, lambda: self._drawn(2), _active)
        there = sent_together(list(pairs.values()), self.judge.device)
        self._pairs = dict(zip(pairs, there, strict=True))
        alphas = self.net.alpha
        return {n: _gates(alphas[n], self._pairs[n], *pairs[n].tolist()) for n in pairs}

    @torch.no_grad()
    def _drawn(self, count: int) -> Pairs:
        """One or two different candidates a decision, the active one first."""
        found = {}
        for name, alpha in self.alpha_here().items():
            p = alpha.softmax(0).double()
            drawn = torch.multinomial(p, count, generator=self.random)
            active = torch.multinomial(p[drawn], 1, generator=self.random)
            found[name] = drawn.roll(-int(active))
        return found

    def _learn(self) -> Values:
        before = {name: alpha.detach().clone() for name, alpha in self.net.alpha.items()}
        losses = super()._learn()
        with torch.no_grad():
            for name, alpha in self.net.alpha.items():
                pair, old = self._pairs[name], before[name]
                moved = alpha[pair] - alpha[pair].logsumexp(0) + old[pair].logsumexp(0)
                alpha.copy_(old.index_put((pair,), moved))
        return losses


def _active(drawn: Pairs) -> dict[str, int]:
    return {name: int(indices[0]) for name, indices in drawn.items()}


def _gates(alpha: Tensor, pair: Tensor, active: int, other: int) -> SomeCandidates:
    """1 for the active candidate and 0 for the other, with the gradient of a softmax over both; the
    pair of them is where alpha is."""
    between = torch.zeros_like(alpha).index_put((pair,), alpha[pair].softmax(0))
    binary = torch.zeros_like(alpha)
    binary[active] = 1
    return SomeCandidates(
        (min(active, other), max(active, other)), binary + (between - between.detach())
    )
