"""Feature alignment: in each block a student's channels are as strong as the teacher's.

Li et al., Hard Sample Matters a Lot in Zero-Shot Quantization (HAST), CVPR 2023: their term beside
what compares answers, which are alike long before what leads to them is.
"""

from __future__ import annotations

import torch
from torch import Tensor, fx
from torch.nn.functional import normalize

from autorecon.compress.quantization.calls import weighted_calls
from autorecon.compress.quantization.operations import CONVOLUTIONS, is_rectifier, operation
from autorecon.nn import at_least_float32


def strengths(features: Tensor) -> Tensor:
    """Features [N, C, ...] to unit vectors [N, C]: the mean squares of channels over space."""
    return normalize(at_least_float32(features).square().flatten(2).mean(2))


def distance(found: Tensor, expected: Tensor, channels: list[int]) -> Tensor:
    """The mean squared difference of such vectors, added up over the blocks that stand beside each
    other in [N, sum of channels]."""
    squares = (found - expected).square().split(channels, 1)
    return torch.stack([block.mean() for block in squares]).sum()


def block_ends(traced: fx.GraphModule) -> list[fx.Node]:
    """What blocks of a captured graph give, before it is added to anything: maps of norms, or of
    convolutions, that no activation follows; all of them in networks where one always does."""
    calls = {call.node for call in weighted_calls(traced) if operation(call.node) in CONVOLUTIONS}
    maps = [node for node in traced.graph.nodes if _gives_maps(node, calls)]
    return [node for node in maps if not any(map(is_rectifier, node.users))] or maps


def _gives_maps(node: fx.Node, convolutions: set[fx.Node]) -> bool:
    if len(node.meta.get("shape", ())) < 3:
        return False
    if node in convolutions:
        return not any(operation(user) == "batch_norm" for user in node.users)
    return operation(node) == "batch_norm"
