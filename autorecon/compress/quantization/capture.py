"""From a model to the graph of what it computes, by torch.export, or to where that fails.

The graph has no layers: a convolution is a call with its weight as an argument, whichever module,
function or method it came from. Parameters and buffers keep the names that they have in the model.
"""

from __future__ import annotations

import copy
import inspect
import logging
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from types import FrameType
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, fx, nn
from torch.export import Dim, ExportedProgram, export
from torch.fx.experimental.symbolic_shapes import free_unbacked_symbols
from torch.fx.graph import CodeGen

from autorecon.compress.errors import TraceError
from autorecon.compress.quantization.any_batch import is_bound, unbind
from autorecon.compress.quantization.folding import fold_weights
from autorecon.compress.quantization.functional import make_functional
from autorecon.compress.quantization.operations import LIBRARY, operation
from autorecon.compress.quantization.regions import inline_regions
from autorecon.compress.quantization.verify import verify

EXAMPLES = 3
"""Images that a model is captured with; the graph takes any number of them."""
OTHER_EXAMPLES = 5
"""Images that it is captured with once more, where it takes their number for a constant."""

Shape = tuple[int, ...]


def capture(module: nn.Module, image_shape: Shape) -> fx.GraphModule:
    """What a classifier in eval mode computes of images [N, *image_shape], as a graph of calls of
    ATen operations, none of them in place.

    It shares nothing with `module`, and was found to answer as that does. Raises TraceError, with
    the submodule and the line of Python, for a model that cannot be followed, whose graph holds
    for one number of images alone, or answers otherwise.
    """
    module.eval()
    known = _KNOWN.setdefault(module, {})
    if image_shape in known:
        try:
            verify(module, known[image_shape], image_shape)
            return copy.deepcopy(known[image_shape])
        except TraceError:  # it is not what it was
            del known[image_shape]
    known[image_shape] = traced = _captured(module, image_shape)
    verify(module, traced, image_shape)
    return copy.deepcopy(traced)


_KNOWN: WeakKeyDictionary[nn.Module, dict[Shape, fx.GraphModule]] = WeakKeyDictionary()
"""Graphs that were made, over the parameters of their modules: making one takes a second."""


def _captured(module: nn.Module, image_shape: Shape) -> fx.GraphModule:
    name = type(module).__name__
    traced = _traced(module, torch.zeros(EXAMPLES, *image_shape), name)
    if is_bound(traced):
        other = _traced(module, torch.zeros(OTHER_EXAMPLES, *image_shape), name)
        unbind(traced, other, (EXAMPLES, OTHER_EXAMPLES), name)
    _label(traced, module)
    fold_weights(traced)
    # Buffers that a model does not save are made by its own code.
    _keep_unsaved(traced, module.state_dict().keys())
    return traced


def _traced(module: nn.Module, images: Tensor, name: str) -> fx.GraphModule:
    program = _exported(module, images, name)
    inline_regions(program, name)
    return _graph_module(make_functional(program), name)


def _exported(module: nn.Module, images: Tensor, name: str) -> ExportedProgram:
    first, *_ = [*inspect.signature(module.forward).parameters.values(), None]
    batch: Any = {0: Dim.AUTO}
    if first is not None and first.kind is first.VAR_POSITIONAL:
        batch = (batch,)
    fast = torch.backends.mha.get_fastpath_enabled()
    # The fast path of attention is one opaque call, which hides its products with weights.
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with _without_asides():
            return export(module, (images,), dynamic_shapes=(batch,), strict=False)
    # The user's own forward runs here, which may raise anything at all.
    except Exception as error:
        place = _place(error, module)
        raise TraceError(f"{name} cannot be captured by torch.export: {place}") from error
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


@contextmanager
def _without_asides() -> Iterator[None]:
    """Without warnings, and without the graphs that torch shows beside an error."""
    log = logging.getLogger("torch.fx.experimental.symbolic_shapes")
    disabled, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings(), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        log.disabled = disabled


def _graph_module(program: ExportedProgram, name: str) -> fx.GraphModule:
    """A plain module: one images' argument, one tensor of answers, no guards."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = program.module(check_guards=False)
    graph = exported.graph
    graph.set_codegen(CodeGen())
    for node in reversed(graph.nodes):
        if node.op == "call_function" and "assert" in str(node.target) and not node.users:
            graph.erase_node(node)
    output = graph.output_node()
    (answers,) = output.args
    given = [answers] if isinstance(answers, fx.Node) else list(answers)  # type: ignore[arg-type]
    if len(given) != 1 or not isinstance(given[0], fx.Node):
        raise TraceError(f"{name} gives {len(given)} values, not one tensor of logits")
    answers = given[0].meta.get("val")
    if isinstance(answers, Tensor) and free_unbacked_symbols(answers):
        raise TraceError(
            f"{name} gives so many answers as the values of images decide, not one for each image"
        )
    output.args = (given[0],)
    traced = fx.GraphModule(exported, graph, name)
    traced.meta["name"] = name
    return traced


def _label(graph: fx.GraphModule, module: nn.Module) -> None:
    """Give each call a name that tells where it is, as `node.meta["label"]`.

    That of the module that makes it, or of the block that computes it by a function; a further
    call has a number.
    """
    leaves = {name for name, part in module.named_modules() if not list(part.children())}
    counts: Counter[str] = Counter()
    for node in graph.graph.nodes:
        stack = node.meta.get("nn_module_stack") or {}
        paths = [path for path, _ in stack.values()]
        path, name = paths[-1] if paths else "", operation(node) or node.name
        if node.op == "placeholder":
            name = "image"
        label = path if path and path in leaves else f"{path}.{name}".strip(".")
        node.meta["label"] = f"{label}_{counts[label]}" if counts[label] else label
        counts[label] += 1


def _keep_unsaved(graph: fx.GraphModule, saved: Any) -> None:
    for name, _ in list(graph.named_buffers()):
        if name not in saved:
            path, _, field = name.rpartition(".")
            graph.get_submodule(path)._non_persistent_buffers_set.add(field)


def _place(error: BaseException, module: nn.Module) -> str:
    """Module, file, line and reason of what went wrong, in one line."""
    reason = str(error).strip().partition("\n")[0] or type(error).__name__
    names = {id(child): name for name, child in module.named_modules()}
    walked = [(f, line) for f, line in traceback.walk_tb(error.__traceback__) if _is_own(f)]
    if not walked:
        return reason
    frame, line = walked[-1]
    owner = frame.f_locals.get("self")
    inside = f"{names[id(owner)]} ({type(owner).__name__}), " if names.get(id(owner)) else ""
    (summary,) = traceback.StackSummary.extract(iter([(frame, line)]))
    return f"{inside}{summary.filename}:{summary.lineno} `{summary.line}`: {reason}"


def _is_own(frame: FrameType) -> bool:
    file = Path(frame.f_code.co_filename)
    return file != Path(__file__) and not file.is_relative_to(LIBRARY)
