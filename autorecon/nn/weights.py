"""Weights by name: a generator takes over what it has in common with the net that it came from."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from types import MappingProxyType

import torch
from torch import Tensor, nn

from autorecon.lang.wording import some

Weights = nn.Module | Mapping[str, Tensor]
_SHOWN = 3


class WeightsError(ValueError):
    """Weights that a net cannot take over; the message has the first names and shapes."""

    exit_code = 2


@torch.no_grad()
def take_over(
    net: nn.Module,
    weights: Weights,
    sliced: Collection[str] = (),
    apart: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Copy every tensor of `net`, buffers too, from the one of its name in a net or state dict.

    Of those in `sliced` layers, that is the first part of it along every axis; layers `apart` have
    another name in the net that they came from, which is theirs if it is there. What `weights` have
    beyond that is left alone: of a super net the candidates that were not chosen, and alpha. Raises
    WeightsError, and then `net` is as it was.
    """
    given = dict(weights.state_dict() if isinstance(weights, nn.Module) else weights)
    own = net.state_dict()
    for name, tensor in own.items():
        if (called := _called(name, apart)) in given:
            given[name] = given[called]
        if name in given and any(name.startswith(f"{layer}.") for layer in sliced):
            given[name] = _first(given[name], tensor)
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


def _called(name: str, apart: Mapping[str, str]) -> str:
    """A tensor in the net that it came from."""
    layer = next((layer for layer in apart if name.startswith(f"{layer}.")), "")
    return apart.get(layer, "") + name[len(layer) :]


def _first(given: Tensor, like: Tensor) -> Tensor:
    """As many as another has along every axis; as it is, where it has fewer."""
    pairs = list(zip(given.shape, like.shape, strict=False))
    if given.dim() != like.dim() or any(have < need for have, need in pairs):
        return given
    return given[tuple(slice(need) for _, need in pairs)]


def _shapes(name: str, given: Tensor, own: Tensor) -> str:
    return f"{name} ({_shape(given)}, needed {_shape(own)})"


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a number"


def _listed(what: str, names: Iterable[str]) -> list[str]:
    found = list(names)
    return [f"{what}: {some(found, _SHOWN)}"] if found else []
