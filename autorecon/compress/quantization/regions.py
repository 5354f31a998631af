"""Parts of a network that are computed under rules of their own, as `torch.no_grad` makes them."""

from __future__ import annotations

from typing import Any

from torch import fx
from torch._ops import HigherOrderOperator
from torch.export import ExportedProgram

from autorecon.compress.errors import TraceError
from autorecon.compress.quantization.operations import written_at


def inline_regions(program: ExportedProgram, name: str) -> None:
    """Put the calls of a region where it stands, where its rules change no value: gradients on or
    off, and autocasting that is off or for another device.

    Raises TraceError for any other, as control flow makes them.
    """
    graph, owner = program.graph, program.graph_module
    for node in list(graph.nodes):
        if not isinstance(node.target, HigherOrderOperator):
            continue
        given = _harmless(node)
        if given is None:
            raise TraceError(_refusal(node, owner, name))
        part, *arguments = given
        _inline(node, owner.get_submodule(str(part.target)), arguments)
        graph.erase_node(node)
        if not part.users:
            graph.erase_node(part)
            owner.delete_submodule(str(part.target))


def _harmless(node: fx.Node) -> list[Any] | None:
    """The region of a call and what it is given, if it may be computed as all else is."""
    args: tuple[Any, ...] = node.args
    match node.target.name():  # type: ignore[union-attr]
        case "wrap_with_set_grad_enabled":
            return list(args[1:])
        case "wrap_with_autocast":
            device, _, enabled, _, *rest = args
            return rest if device != "cpu" or not enabled else None
    return None


def _inline(node: fx.Node, region: Any, arguments: list[Any]) -> None:
    """Copy the calls of a region, and give its results to those that read them."""
    known: dict[fx.Node, Any] = {}
    waiting = iter(arguments)
    results: Any = ()
    with node.graph.inserting_before(node):
        for inner in region.graph.nodes:
            if inner.op == "placeholder":
                known[inner] = next(waiting)
            elif inner.op == "output":
                (results,) = fx.map_arg(inner.args, known.__getitem__)
            else:
                known[inner] = node.graph.node_copy(inner, known.__getitem__)
    for user in list(node.users):
        user.replace_all_uses_with(results[user.args[1]])
        node.graph.erase_node(user)


def _refusal(node: fx.Node, owner: fx.GraphModule, name: str) -> str:
    parts = [part for part in node.all_input_nodes if part.op == "get_attr"]
    graphs = [getattr(owner.get_submodule(str(part.target)), "graph", fx.Graph()) for part in parts]
    calls = [node, *(call for graph in graphs for call in graph.nodes)]
    where = next(filter(None, map(written_at, calls)), "")
    return (
        f"{name} has a part that is computed under other rules "
        f"({node.target.name()}, as autocast and control flow make it): {where}"  # type: ignore[union-attr]
    )
