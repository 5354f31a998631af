"""Generators as torch.export programs, and as the archives that hold them."""

from __future__ import annotations

import io
import warnings
from typing import Any

import torch
from torch.export import Dim, ExportedProgram

from autorecon.export.check import compare, example
from autorecon.nn import Generator

# What tells where in our sources a node comes from.
_ORIGINS = ("stack_trace", "nn_module_stack", "source_fn_stack", "torch_fn", "from_node")


def captured(net: Generator, batch: int | None) -> ExportedProgram:
    """The program of a generator in evaluation mode, for any batch or for one of `batch`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.export(
            net, example(net, batch or 2), dynamic_shapes=dynamic_shapes(batch)
        )
    for node in program.graph.nodes:
        for key in _ORIGINS:
            node.meta.pop(key, None)
    return program


def dynamic_shapes(batch: int | None) -> dict[str, Any] | None:
    """Of `z` and `y`: their first axis has any size, unless a batch is given."""
    return None if batch else {"z": {0: Dim("batch")}, "y": {0: Dim("batch")}}


def archive(net: Generator, batch: int | None, name: str) -> tuple[bytes, float]:
    """The content of a `.pt2` file, and how far its images are from the generator's."""
    buffer = io.BytesIO()
    torch.export.save(captured(net, batch), buffer)
    loaded = torch.export.load(io.BytesIO(buffer.getvalue())).module()
    return buffer.getvalue(), compare(net, loaded, [batch] if batch else [1, 5], name)
