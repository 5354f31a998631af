"""BatchNorm layers become part of the convolutions before them."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from autorecon.compress.equalization.moments import Moments
from autorecon.compress.quantization.capture import callee_of, count_calls


@torch.no_grad()
def fold_batch_norms(traced: fx.GraphModule) -> dict[str, Moments]:
    """Fold each BatchNorm2d that alone follows a Conv2d into it, in place; the net computes the
    same in eval mode.

    Gives, by the convolution's name, what its values are now on the training data: the norm's
    offset and the square of its factor. Every other Conv2d and Linear gets a bias of zeros.
    """
    calls = count_calls(traced)
    normals: dict[str, Moments] = {}
    for node in list(traced.graph.nodes):
        norm = callee_of(traced, node)
        if not isinstance(norm, nn.BatchNorm2d) or norm.running_mean is None:
            continue
        before = node.args[0]
        conv = callee_of(traced, before)
        alone = len(before.users) == 1 and calls[str(before.target)] == 1
        if type(conv) is nn.Conv2d and alone:
            normals[str(before.target)] = _fold(conv, norm)
            node.replace_all_uses_with(before)
            traced.graph.erase_node(node)
    traced.delete_all_unused_submodules()
    traced.recompile()
    _give_biases(traced)
    return normals


def _fold(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> Moments:
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    factor, offset = _affine(norm, mean)
    scale = factor / (variance + norm.eps).sqrt()
    bias = torch.zeros_like(mean) if conv.bias is None else conv.bias
    conv.weight.mul_(scale.view(-1, 1, 1, 1))
    conv.bias = nn.Parameter((bias - mean) * scale + offset)
    return Moments(offset.clone(), factor.square())


def _affine(norm: nn.BatchNorm2d, like: Tensor) -> tuple[Tensor, Tensor]:
    if norm.affine:
        return norm.weight.detach(), norm.bias.detach()
    return torch.ones_like(like), torch.zeros_like(like)


def _give_biases(traced: fx.GraphModule) -> None:
    for layer in traced.modules():
        if type(layer) in (nn.Conv2d, nn.Linear) and layer.bias is None:
            layer.bias = nn.Parameter(torch.zeros(len(layer.weight)))
