"""A student's answers, and how far what leads to them is from what leads to its teacher's."""

from __future__ import annotations

import operator

import torch
from torch import Tensor, fx, nn

from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.activation_maps import activation_maps, last_convolution
from autorecon.compress.engine.alignment import block_ends, distance, strengths
from autorecon.compress.methods.method import Losses
from autorecon.compress.quantization.capture import capture
from autorecon.compress.quantization.norms import fold_batch_norms
from autorecon.nn import Compute

Nodes = list[fx.Node]


class Comparison:
    """Of a quantized student and its teacher, by the terms that settings give a weight to:
    `alignment`, of the strengths of channels, and `cam`, of class activation maps.

    `taught` is the teacher as `captured` has it. Raises CompressError for a teacher that has no
    maps where these are asked for.
    """

    def __init__(
        self,
        taught: fx.GraphModule,
        student: fx.GraphModule,
        config: CompressConfig,
        compute: Compute,
    ) -> None:
        self._config = config
        ends = block_ends(taught) if config.alignment else []
        self._channels = [node.meta["shape"][1] for node in ends]
        mapped = last_convolution(taught) if config.cam else None
        self._teacher = Told(taught, ends, mapped, compute)
        self._teacher.module.requires_grad_(False).eval()
        compute.place(self._teacher.module)
        self._student = Told(student, ends, mapped, compute)

    def __call__(self, images: Tensor) -> tuple[Tensor, Losses]:
        """Logits [N, classes] and the terms with their weights, with a graph.

        Where images have gradients, they go through the teacher as well. Maps are of the class that
        the teacher gives.
        """
        with torch.set_grad_enabled(images.requires_grad):
            expected, strong, maps = self._teacher(images)
        classes = expected.argmax(1)
        logits, found, own = self._student(images, classes)
        losses: Losses = {}
        if self._channels:
            apart = distance(found, strong, self._channels)
            losses["alignment"] = (self._config.alignment, apart)
        if maps is not None and own is not None:
            losses["cam"] = (self._config.cam, (own - maps).square().mean())
        return logits, losses


def captured(teacher: nn.Module, student: fx.GraphModule, config: CompressConfig) -> fx.GraphModule:
    """A teacher, on the CPU, as it is compared with its student. Raises TraceError where it cannot
    be captured."""
    (images,) = student.graph.find_nodes(op="placeholder")
    taught = capture(teacher, tuple(images.meta["shape"][1:]))
    if config.scheme == "integer":
        fold_batch_norms(taught)
    return taught


class Told:
    """A captured network, on the same parameters, that gives what leads to its answers as well:
    strengths of channels at `ends`, a class activation map of what `mapped` gives."""

    def __init__(
        self, traced: fx.GraphModule, ends: Nodes, mapped: fx.Node | None, compute: Compute
    ) -> None:
        self._compute = compute
        self._shape = tuple(mapped.meta["shape"][1:]) if mapped else ()
        self._channels = sum(node.meta["shape"][1] for node in ends)
        self.module = _telling(traced, [node.name for node in ends], mapped.name if mapped else "")

    def __call__(
        self, images: Tensor, classes: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Logits [N, classes], strengths [N, channels of all ends], and maps [N, H, W] of the
        `classes` [N], or of the answers; slopes of logits are constants in them."""
        if not self._shape:
            logits, strong = self._split(self._compute(self.module, images), self._channels)
            return logits, strong, None
        added = images.new_zeros(len(images), *self._shape).requires_grad_()
        with torch.enable_grad():
            told, flat = self._split(self._compute(self.module, images, added), added[0].numel())
            logits, strong = self._split(told, self._channels)
            chosen = logits.argmax(1) if classes is None else classes
            height = logits.gather(1, chosen[:, None]).sum()
            (slopes,) = torch.autograd.grad(height, added, retain_graph=True)
        maps = activation_maps(flat.unflatten(1, self._shape), slopes)
        if torch.is_grad_enabled():
            return logits, strong, maps
        return logits.detach(), strong.detach(), maps.detach()

    @staticmethod
    def _split(told: Tensor, last: int) -> tuple[Tensor, Tensor]:
        first = told.shape[1] - last
        return told[:, :first], told[:, first:]


def _telling(traced: fx.GraphModule, ends: list[str], mapped: str) -> fx.GraphModule:
    """The same network, which gives strengths of channels and flat features beside answers. What
    it takes beside images is added to these features, so that slopes by it are those by them."""
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    answers = graph.graph_copy(traced.graph, copies)
    known = {node.name: copy for node, copy in copies.items()}
    told = [graph.call_function(strengths, (known[name],)) for name in ends]
    if mapped:
        told.append(graph.call_function(torch.flatten, (_with_added(graph, known[mapped]), 1)))
    graph.output(graph.call_function(torch.cat, ([answers, *told], 1)))
    return fx.GraphModule(traced, graph)


def _with_added(graph: fx.Graph, features: fx.Node) -> fx.Node:
    (images,) = graph.find_nodes(op="placeholder")
    with graph.inserting_after(images):
        added = graph.placeholder("added")
    with graph.inserting_after(features):
        summed = graph.call_function(operator.add, (features, added))
    features.replace_all_uses_with(summed, lambda user: user is not summed)
    return summed
