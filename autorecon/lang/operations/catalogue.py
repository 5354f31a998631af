"""The operations of the language: signature, shape rule and cost of each, without torch.

A shape rule gets the arguments, the shape that comes in and the shape of the node that the edge
leads to, from which an operation takes what its arguments leave open (a convolution its output
channels, a resize its resolution). Cost is (trainable parameters, multiply-accumulates); norms,
resizes and activations count none of the latter, as is the field's custom.
"""

from __future__ import annotations

import attrs

from autorecon.lang.operations import layers as layers  # these add their operations
from autorecon.lang.operations import norms as norms
from autorecon.lang.operations import pools as pools
from autorecon.lang.operations.spec import (
    CATALOGUE,
    MAX_SIZE,
    OPERATIONS,
    LabelInput,
    OpSpec,
    Param,
    Value,
    same,
)
from autorecon.lang.operations.traits import Traits

__all__ = ["CATALOGUE", "MAX_SIZE", "OPERATIONS", "LabelInput", "OpSpec", "Param", "Value"]

_ACTIVATION = Traits(pointwise=True, stateless=True, channelwise=True, keeps_zeros=True)
_RECTIFIER = attrs.evolve(_ACTIVATION, from_result=True)

same("relu", "max(x, 0)", traits=_RECTIFIER)
same(
    "leaky_relu",
    "x above 0, slope * x below",
    Param("slope", float, 0.01, least=0),
    traits=_RECTIFIER,
)
same(
    "prelu",
    "x above 0, a learned slope a channel below",
    cost=lambda a, i, o: (i[0], 0),
    traits=Traits(pointwise=True, by_channels=True, channelwise=True, keeps_zeros=True),
)
same(
    "elu",
    "x above 0, alpha * (exp(x) - 1) below",
    Param("alpha", float, 1.0, least=0),
    traits=_ACTIVATION,
)
same("selu", "scaled elu that keeps mean 0 and variance 1", traits=_ACTIVATION)
same("silu", "x * sigmoid(x)", traits=_ACTIVATION)
same("gelu", "x times the normal distribution function of x", traits=_ACTIVATION)
same("tanh", "hyperbolic tangent, to -1 .. 1", traits=_ACTIVATION)
same(
    "sigmoid",
    "logistic function, to 0 .. 1",
    traits=attrs.evolve(_ACTIVATION, keeps_zeros=False),
)
