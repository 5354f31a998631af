"""A student's layers, one after the other, each made to give what the teacher's gives."""

from __future__ import annotations

import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall, parameter
from autorecon.compress.quantization.layers import WeightQuantizer
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.reconstruction.factors import factors, has_factors
from autorecon.compress.reconstruction.fitting import fitted
from autorecon.compress.reconstruction.side_by_side import Both, SideBySide
from autorecon.compress.reconstruction.statistics import known_statistics

PLACES = 32 * 224 * 224
"""Pixels of images that are looked at, at most: what is computed of them is in memory twice."""


@torch.no_grad()
def observe(model: QuantizedModel, images: Tensor) -> None:
    """Show images to quantizers that observe, as if norms gave the statistics of the training data.

    Images that were invented may leave some channels all but silent, and deep ones far weaker than
    real images do, so that ranges are too narrow; of that the statistics tell.
    """
    SideBySide(model.module, known_statistics(model.module)).run(images)


@torch.no_grad()
def reconstruct(model: QuantizedModel, images: Tensor) -> None:
    """Change the weights of a calibrated student, in place, by images [N, C, H, W].

    Teacher and student, which share a graph, are computed side by side. At each convolution and
    linear layer the weights are chosen for which the student's layer, given what the student has
    there, gives what the teacher's gives of its own values, and are rounded one input after
    the other, where each takes up what rounding those before has left (`fitted`). What norms give
    is scaled and shifted to the statistics of the training data, which the images may not have, by
    the same numbers in both. A weight that several layers have is that of the first. Transposed
    convolutions and products that are written in other ways keep their weights.
    """
    most = max(1, PLACES // images[0, 0].numel())
    known = known_statistics(model.module)
    _Reconstruction(model.module, known).run(images[:most])


class _Reconstruction(SideBySide):
    """Changes weights on the way."""

    def before(self, call: WeightedCall) -> None:
        """Choose a weight anew, once, and let all that reads it have it."""
        name = str(call.weight.target)
        if name in self.taught or not has_factors(call):
            return
        placed = call.node.args[1]
        assert isinstance(placed, fx.Node)
        quantizer = self.graph_module.get_submodule(str(placed.target))
        assert isinstance(quantizer, WeightQuantizer)
        weight = parameter(self.graph_module, call.weight)
        self.taught[name] = weight.detach().clone()
        values = self.env[call.source]
        taught, found = (factors(call, v, weight.shape) for v in (values.taught, values.found))
        rows = self.taught[name].reshape(len(found), len(weight) // len(found), -1)
        chosen = fitted(rows, taught, found, quantizer)
        weight.copy_(chosen.view_as(weight))
        self.env[placed] = Both(self.taught[name], quantizer(weight))
        if call.weight in self.env:  # it is read again, along another axis or as it is
            self.env[call.weight] = Both(self.taught[name], weight)
