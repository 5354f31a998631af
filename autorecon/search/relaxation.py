"""From architecture parameters to a mixture: the relaxations of the discrete choice."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autorecon.lang.check_graph import is_cut
from autorecon.nn import Mixture, OneCandidate, SuperNet

MAX_DRAWS = 100

Relax = Callable[[SuperNet, float, torch.Generator], Mixture]


def gumbel(count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """`count` draws from Gumbel(0, 1), on the CPU, so that a seed means the same everywhere."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    tiny = torch.finfo(torch.float64).tiny
    return -torch.log(-torch.log(uniform.clamp_min(tiny))).to(like)


def paper(net: SuperNet, tau: float, generator: torch.Generator) -> Mixture:
    """Eq. 7 as printed: m = softmax((p + g) / tau) with p = softmax(alpha)."""
    return {
        name: ((p + gumbel(len(p), generator, p)) / tau).softmax(0)
        for name, p in net.probabilities().items()
    }


def log_probability(net: SuperNet, tau: float, generator: torch.Generator) -> dict[str, Tensor]:
    """The usual Gumbel-softmax: m = softmax((log p + g) / tau), so that P(argmax m = k) = p_k."""
    return {
        name: ((alpha.log_softmax(0) + gumbel(len(alpha), generator, alpha)) / tau).softmax(0)
        for name, alpha in net.alpha.items()
    }


def hard(net: SuperNet, tau: float, generator: torch.Generator) -> Mixture:
    """One candidate an edge, with probability p_k; the weight is 1 with the soft sample's gradient.

    A draw that cuts the image from the noise is drawn again.
    """
    for _ in range(MAX_DRAWS):
        soft = log_probability(net, tau, generator)
        indices = {name: int(weights.argmax()) for name, weights in soft.items()}
        if not _cut(net, indices):
            break
    else:
        raise RuntimeError(f"{MAX_DRAWS} sampled architectures in a row cut the image")
    return {
        name: OneCandidate(k, 1 + soft[name][k] - soft[name][k].detach())
        for name, k in indices.items()
    }


def _cut(net: SuperNet, indices: dict[str, int]) -> bool:
    edges = net.space.edges
    kept = (e for e in edges if not e.candidates[indices.get(e.name, 0)].is_none)
    return is_cut(net.space.nodes, kept)


RELAX: dict[str, Relax] = {"paper": paper, "log": log_probability, "hard": hard}
