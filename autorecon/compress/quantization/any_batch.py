"""A graph that holds for one number of images becomes one for any number."""

from __future__ import annotations

import operator
from typing import Any, cast

import attrs
import torch
from torch import fx

from autorecon.compress.errors import TraceError
from autorecon.compress.quantization.operations import written_at


def is_bound(graph: fx.GraphModule) -> bool:
    """Whether a graph was captured for the number of its example images alone, as `len(x)` and
    `int(x.shape[0])` make it."""
    (answers,) = graph.graph.output_node().args
    ends = _images(graph), cast(fx.Node, answers)
    return any(isinstance(size, int) for node in ends for size in node.meta["val"].shape[:1])


def unbind(
    graph: fx.GraphModule, other: fx.GraphModule, numbers: tuple[int, int], name: str
) -> None:
    """Make of whatever two graphs of the same model have in the ratio of their `numbers` of images
    multiples of the number of images. Raises TraceError where they differ in anything else."""
    nodes, twins = list(graph.graph.nodes), list(other.graph.nodes)
    for node, twin in zip(nodes, twins, strict=False):
        if str(node.target) != str(twin.target):
            raise _refusal(name, numbers[0], node)
    images = _images(graph)
    with graph.graph.inserting_after(images):
        count = graph.graph.call_function(torch.ops.aten.sym_size.int, (images, 0))
    for node, twin in zip(nodes, twins, strict=True):
        arguments = _Arguments(node, count, numbers, name)
        node.args = arguments.merged(node.args, twin.args)
        node.kwargs = arguments.merged(node.kwargs, twin.kwargs)
    graph.recompile()


@attrs.frozen(eq=False)
class _Arguments:
    """What a call is given, by `count`, the node that tells the number of images."""

    node: fx.Node
    count: fx.Node
    numbers: tuple[int, int]
    name: str

    def merged(self, given: Any, other: Any) -> Any:
        """Those that hold for any number of images, of those that hold for two numbers of them."""
        if isinstance(given, fx.Node) or given == other:
            return given
        if isinstance(given, dict):
            return {key: self.merged(value, other[key]) for key, value in given.items()}
        if isinstance(given, list | tuple) and len(given) == len(other):
            return type(given)(map(self.merged, given, other))
        first, second = self.numbers
        if type(given) is not int or given * second != other * first or given % first:
            raise _refusal(self.name, first, self.node)
        if given == first:
            return self.count
        with self.node.graph.inserting_before(self.node):
            return self.node.graph.call_function(operator.mul, (self.count, given // first))


def _images(graph: fx.GraphModule) -> fx.Node:
    return next(iter(graph.graph.find_nodes(op="placeholder")))


def _refusal(name: str, images: int, node: fx.Node) -> TraceError:
    return TraceError(
        f"{name} computes with {images} images otherwise than with another number of them "
        f"({written_at(node)}): let its forward take the number from x.shape[0], without int()"
    )
