"""A graph that holds for one number of images becomes one for any number."""

from __future__ import annotations

import operator
from typing import Any, cast

import torch
from torch import fx

from autorecon.compress.errors import TraceError
from autorecon.compress.quantization.operations import written_at


def is_bound(graph: fx.GraphModule) -> bool:
    """Whether a graph was captured for the number of its example images alone, as `len(x)` and
    `int(x.shape[0])` make it."""
    (answers,) = graph.graph.output_node().args
    ends = _images(graph), cast(fx.Node, answers)
    return any(isinstance(node.meta["val"].shape[0], int) for node in ends)


def unbind(
    graph: fx.GraphModule, other: fx.GraphModule, numbers: tuple[int, int], name: str
) -> None:
    """Make of whatever two graphs of the same model have in the ratio of their `numbers` of images
    multiples of the number of images. Raises TraceError where they differ in anything else."""
    first, second = numbers
    ours, theirs = list(graph.graph.nodes), list(other.graph.nodes)
    if [str(node.target) for node in ours] != [str(node.target) for node in theirs]:
        pairs = zip(ours, theirs, strict=False)
        raise _refusal(name, first, next(a for a, b in pairs if str(a.target) != str(b.target)))
    images = _images(graph)
    with graph.graph.inserting_after(images):
        count = graph.graph.call_function(torch.ops.aten.sym_size.int, (images, 0))
    for node, twin in zip(ours, theirs, strict=True):

        def merged(ours: Any, theirs: Any, node: fx.Node = node) -> Any:
            if isinstance(ours, fx.Node) or ours == theirs:
                return ours
            if isinstance(ours, list | tuple):
                return type(ours)(map(merged, ours, theirs))
            if type(ours) is not int or ours * second != theirs * first or ours % first:
                raise _refusal(name, first, node)
            if ours == first:
                return count
            with graph.graph.inserting_before(node):
                return graph.graph.call_function(operator.mul, (count, ours // first))

        node.args = tuple(map(merged, node.args, twin.args))
        node.kwargs = {key: merged(node.kwargs[key], twin.kwargs[key]) for key in node.kwargs}
    graph.recompile()


def _images(graph: fx.GraphModule) -> fx.Node:
    return next(iter(graph.graph.find_nodes(op="placeholder")))


def _refusal(name: str, images: int, node: fx.Node) -> TraceError:
    return TraceError(
        f"{name} computes with {images} images otherwise than with another number of them "
        f"({written_at(node)}): let its forward take the number from x.shape[0], without int()"
    )
