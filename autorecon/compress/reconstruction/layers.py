"""A student's layers, one after the other, each made to give what the teacher's gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import torch
from torch import Tensor, fx

from autorecon.compress.quantization.calls import WeightedCall, parameter, weighted_calls
from autorecon.compress.quantization.layers import WeightQuantizer
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.reconstruction.factors import factors, has_factors
from autorecon.compress.reconstruction.fitting import fitted
from autorecon.compress.reconstruction.statistics import known_statistics

PLACES = 32 * 224 * 224
"""Pixels of images that are looked at, at most: what is computed of them is in memory twice."""


@torch.no_grad()
def observe(model: QuantizedModel, images: Tensor) -> None:
    """Show images to quantizers that observe, as if norms gave the statistics of the training data.

    Images that were invented may leave some channels all but silent, and deep ones far weaker than
    real images do, so that ranges are too narrow; of that the statistics tell.
    """
    _SideBySide(model, changes=False).run(images)


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
    _SideBySide(model).run(images[:most])


@attrs.frozen(eq=False)
class _Both:
    """A value of the teacher, and of the student."""

    taught: Any
    found: Any


def _of_teacher(value: Any) -> Any:
    return value.taught if isinstance(value, _Both) else value


def _of_student(value: Any) -> Any:
    return value.found if isinstance(value, _Both) else value


class _SideBySide(fx.Interpreter):
    """Computes a student's graph with quantizers and without, and may change weights on the way."""

    def __init__(self, model: QuantizedModel, changes: bool = True) -> None:
        super().__init__(model.module)
        self._graph, self._changes = model.module, changes
        self._calls = {call.node: call for call in weighted_calls(model.module)}
        self._taught: dict[str, Tensor] = {}
        self._known = known_statistics(model.module)

    def run_node(self, n: fx.Node) -> Any:
        if n.op == "placeholder":
            images = super().run_node(n)
            return _Both(images, images)
        if n.op == "get_attr":
            value = parameter(self._graph, n)
            return _Both(self._taught.get(str(n.target), value), value)
        if n.op == "output":
            return None
        call = self._calls.get(n)
        if self._changes and call is not None and has_factors(call):
            self._reconstruct(call)
        args, kwargs = self.fetch_args_kwargs_from_env(n)
        taught, found = (self._called(n, args, kwargs, of) for of in (_of_teacher, _of_student))
        if n in self._known:
            as_known = self._known[n].correction(taught)
            taught, found = as_known(taught), as_known(found)
        return _Both(taught, found)

    def _called(self, n: fx.Node, args: Any, kwargs: Any, side: Callable[[Any], Any]) -> Any:
        args, kwargs = (fx.node.map_aggregate(part, side) for part in (args, kwargs))
        if n.op == "call_module" and side is _of_teacher:
            return args[0]  # all modules of the graph are quantizers
        return getattr(super(), n.op)(n.target, args, kwargs)

    def _reconstruct(self, call: WeightedCall) -> None:
        """Choose a weight anew, once, and let all that reads it have it."""
        name = str(call.weight.target)
        placed = call.node.args[1]
        assert isinstance(placed, fx.Node)
        quantizer = self._graph.get_submodule(str(placed.target))
        assert isinstance(quantizer, WeightQuantizer)
        if name in self._taught:
            return
        weight = parameter(self._graph, call.weight)
        self._taught[name] = weight.detach().clone()
        values = self.env[call.source]
        taught, found = (factors(call, v, weight.shape) for v in (values.taught, values.found))
        rows = self._taught[name].reshape(len(found), len(weight) // len(found), -1)
        chosen = fitted(rows, taught, found, quantizer)
        weight.copy_(chosen.view_as(weight))
        self.env[placed] = _Both(self._taught[name], quantizer(weight))
        if call.weight in self.env:  # it is read again, along another axis or as it is
            self.env[call.weight] = _Both(self._taught[name], weight)
