"""Weights by name: a generator takes over what it has in common with the net that it came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from autorecon.lang.wording import some

Weights = nn.Module | Mapping[str, Tensor]
_SHOWN = 3


class WeightsError(ValueError):
    """Weights that a net cannot take over; the message has the first names and shapes."""

    exit_code = 2


@torch.no_grad()
def take_over(net: nn.Module, weights: Weights) -> None:
    """Copy every tensor of `net`, buffers too, from the one of its name in a net or state dict.

    What `weights` have beyond that is left alone: of a super net the candidates that were not
    chosen, and alpha. Raises WeightsError, and then `net` is as it was.
    """
    given = weights.state_dict() if isinstance(weights, nn.Module) else weights
    own = net.state_dict()
    missing = [name for name in own if name not in given]
    other = [name for name in own if name in given and given[name].shape != own[name].shape]
    if missing or other:
        faults = [
            *_listed("not there", missing),
            *_listed("of another shape", (_shapes(n, given[n], own[n]) for n in other)),
        ]
        known = f"{len(own) - len(missing) - len(other)} of {len(own)} tensors fit"
        raise WeightsError(f"these are not weights of this generator: {known}; {'; '.join(faults)}")
    net.load_state_dict({name: given[name] for name in own})


def _shapes(name: str, given: Tensor, own: Tensor) -> str:
    return f"{name} ({_shape(given)}, needed {_shape(own)})"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _listed(what: str, names: Iterable[str]) -> list[str]:
    found = list(names)
    return [f"{what}: {some(found, _SHOWN)}"] if found else []
