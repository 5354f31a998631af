"""From a model to the graph of its calls, by torch.fx, or to where it cannot be followed."""

from __future__ import annotations

import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import fx, nn

from autorecon.compress.errors import TraceError

LIBRARY = Path(torch.__file__).parent


def capture(module: nn.Module) -> fx.GraphModule:
    """The calls that a module's forward makes, as a graph over its own submodules.

    Raises TraceError with the submodule and the line of Python that torch.fx cannot follow.
    """
    tracer = _Tracer()
    name = type(module).__name__
    try:
        graph = tracer.trace(module)
    # Tracing runs the user's own forward on proxies, which may raise anything at all.
    except Exception as error:
        raise TraceError(f"{name} cannot be traced by torch.fx: {tracer.place(error)}") from error
    return fx.GraphModule(tracer.root, graph, name)


def callee_of(traced: fx.GraphModule, node: fx.Node) -> object:
    """The module, function or method name that a node calls; None for other nodes."""
    if node.op == "call_module":
        return traced.get_submodule(str(node.target))
    return node.target if node.op in ("call_function", "call_method") else None


def count_calls(traced: fx.GraphModule) -> Counter[str]:
    """How often each submodule is called, by its name."""
    return Counter(str(node.target) for node in traced.graph.nodes if node.op == "call_module")


class _Tracer(fx.Tracer):
    """Remembers which module it is in: after a failure the innermost stays on top."""

    def __init__(self) -> None:
        super().__init__()
        self.inside: list[tuple[str, nn.Module]] = []

    def call_module(self, m: nn.Module, forward: Any, args: Any, kwargs: Any) -> Any:
        self.inside.append((self.path_of_module(m), m))
        result = super().call_module(m, forward, args, kwargs)
        self.inside.pop()
        return result

    def place(self, error: Exception) -> str:
        """Module, file, line and reason of what went wrong, in one line."""
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        where = [f"{name} ({type(module).__name__})" for name, module in self.inside[-1:]]
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if not _is_machinery(Path(f.filename))]
        where += [f"{f.filename}:{f.lineno} `{f.line}`" for f in own[-1:]]
        return ", ".join(where) + f": {reason}" if where else reason


def _is_machinery(file: Path) -> bool:
    return file == Path(__file__) or file.is_relative_to(LIBRARY)
