"""Calls that change their arguments become calls that give a result."""

from __future__ import annotations

import warnings

import torch
from torch import fx
from torch._ops import OpOverload
from torch.export import ExportedProgram

from autorecon.compress.quantization.operations import operation

DROPOUTS = {"dropout", "alpha_dropout", "feature_dropout", "feature_alpha_dropout"}
# They may give their input itself, though their schemas do not say so.
MAYBE_ALIAS = DROPOUTS | {"contiguous", "reshape", "flatten", "to", "expand_as", "type_as"}


def make_functional(program: ExportedProgram) -> ExportedProgram:
    """The same computation without calls in place, and without dropout that does nothing.

    Where a changed value has no other name, its call is replaced by the form that gives a result;
    only else torch takes all calls apart and follows aliases, which takes longer.
    """
    graph = program.graph
    changing = [node for node in graph.nodes if _changes(node)]
    if all(_alone(node) for node in changing):
        for node in changing:
            node.target = _functional(node.target)
        _drop_dropout(graph)
        return program
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = program.run_decompositions({})
    for node in list(program.graph.nodes):
        if operation(node) == "_native_batch_norm_legit_no_training":
            _as_batch_norm(program.graph, node)
    _drop_dropout(program.graph)
    return program


def _changes(node: fx.Node) -> bool:
    return isinstance(node.target, OpOverload) and node.target._schema.is_mutable


def _alone(node: fx.Node) -> bool:
    """Whether what a call changes is known by this name alone, and is the last to be read."""
    value = node.args[0]
    if not isinstance(value, fx.Node) or value.op != "call_function" or _aliases(value):
        return False
    if _functional(node.target) is None:
        return False
    order = {other: i for i, other in enumerate(node.graph.nodes)}
    others = [user for user in value.users if user is not node]
    return all(order[user] < order[node] and not _aliases(user) for user in others)


def _aliases(node: fx.Node) -> bool:
    if not isinstance(node.target, OpOverload):
        return True
    returned = node.target._schema.returns
    named = any(
        value.alias_info is not None and not value.alias_info.is_write for value in returned
    )
    return named or operation(node) in MAYBE_ALIAS


def _functional(target: object) -> OpOverload | None:
    """`relu` for `relu_`; None where there is no such form."""
    if not isinstance(target, OpOverload) or not target._schema.name.endswith("_"):
        return None
    packet = getattr(torch.ops.aten, target.overloadpacket.__name__.rstrip("_"), None)
    found: OpOverload | None = getattr(packet, target._overloadname, None)
    return found


def _drop_dropout(graph: fx.Graph) -> None:
    for node in list(graph.nodes):
        if operation(node) in DROPOUTS and not node.args[2]:
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)


def _as_batch_norm(graph: fx.Graph, node: fx.Node) -> None:
    """One call that gives the normalised values, as networks are written."""
    (first,) = [user for user in node.users if user.args[1] == 0]
    features, weight, bias, mean, variance, momentum, eps = node.args
    arguments = (features, weight, bias, mean, variance, False, momentum, eps, False)
    with graph.inserting_before(node):
        norm = graph.call_function(torch.ops.aten.batch_norm.default, arguments)
    norm.meta |= first.meta
    first.replace_all_uses_with(norm)
    graph.erase_node(first)
    if not node.users:
        graph.erase_node(node)
