"""From architecture parameters to weights of options: the relaxations of the discrete choice."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from autorecon.nn import OneCandidate, Sampled, SuperNet

MAX_DRAWS = 100

Relax = Callable[[SuperNet, float, torch.Generator], Sampled]


def gumbel(count: int, generator: torch.Generator, like: Tensor) -> Tensor:
    """`count` draws from Gumbel(0, 1), on the CPU, so that a seed means the same everywhere."""
    uniform = torch.rand(count, generator=generator, dtype=torch.float64)
    tiny = torch.finfo(torch.float64).tiny
    return -torch.log(-torch.log(uniform.clamp_min(tiny))).to(like)


def paper(net: SuperNet, tau: float, generator: torch.Generator) -> Sampled:
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


def hard(net: SuperNet, tau: float, generator: torch.Generator) -> Sampled:
    """One option a decision, with probability p_k; the weight is 1 with the soft sample's gradient.

    A draw that cuts the image from the noise is drawn again.
    """
    for _ in range(MAX_DRAWS):
        soft = log_probability(net, tau, generator)
        indices = {name: int(weights.argmax()) for name, weights in soft.items()}
        if net.space.liveness.is_valid(tuple(indices.values())):
            break
    else:
        raise RuntimeError(f"{MAX_DRAWS} sampled architectures in a row cut the image")
    return {
        name: OneCandidate(k, 1 + soft[name][k] - soft[name][k].detach())
        for name, k in indices.items()
    }


RELAX: dict[str, Relax] = {"paper": paper, "log": log_probability, "hard": hard}
