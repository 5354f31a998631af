"""Weights that are computed of others at each call, made plain ones of the same values."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.utils import parametrize, prune, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from autorecon.lang.wording import some
from autorecon.teachers.checkpoints import Say


@torch.no_grad()
def fold(module: nn.Module, say: Say) -> None:
    """Fold weight and spectral norms, pruning masks and parametrisations into plain weights.

    The module, in eval mode, answers as before; its state dict has `weight` again.
    """
    folded = [
        f"{name}.{tensor}".lstrip(".")
        for name, layer in list(module.named_modules())
        for tensor in _fold(layer)
    ]
    if folded:
        say(f"parametrised weights were folded into plain ones: {some(folded, 3)}")


def _fold(layer: nn.Module) -> list[str]:
    """The names of a layer's tensors that are plain only now."""
    found = []
    if parametrize.is_parametrized(layer):
        for name in list(layer.parametrizations):  # type: ignore[arg-type]
            parametrize.remove_parametrizations(layer, name)
            # Of frozen parts torch makes a buffer.
            value = getattr(layer, name)
            delattr(layer, name)
            layer.register_parameter(name, nn.Parameter(value, requires_grad=False))
            found.append(name)
    for hook in list(layer._forward_pre_hooks.values()):
        if isinstance(hook, WeightNorm):
            remove_weight_norm(layer, hook.name)
            found.append(hook.name)
        elif isinstance(hook, SpectralNorm):
            remove_spectral_norm(layer, hook.name)
            found.append(hook.name)
        elif isinstance(hook, prune.BasePruningMethod):
            prune.remove(layer, hook._tensor_name)
            found.append(hook._tensor_name)
    return found
