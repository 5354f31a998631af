"""Checked program -> networkx DAG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lang import Program

if TYPE_CHECKING:
    import networkx


def build_graph(program: Program) -> networkx.MultiDiGraph:
    """A DAG whose nodes and edges carry what the program says of them.

    Node attributes: `shape` (without the batch axis; a Label for labels), `role` (noise, label,
    inner, output), `block`, `merge`, `then` (text or None), `aliases`. Edge key: the edge's name.
    Edge attributes: `type`, `contract`, `candidates` (texts), `block`, `record` (the checked
    Edge).
    """
    import networkx

    graph = networkx.MultiDiGraph(name=program.name, parameters=dict(program.parameters))
    for node in program.nodes.values():
        graph.add_node(
            node.name,
            shape=node.shape,
            role=node.role,
            block=node.block,
            merge=node.merge,
            then=node.then.text if node.then else None,
            aliases=node.aliases,
        )
    for edge in program.edges:
        graph.add_edge(
            edge.source,
            edge.target,
            key=edge.name,
            type=edge.type,
            contract=edge.contract,
            candidates=tuple(c.text for c in edge.candidates),
            block=edge.block,
            record=edge,
        )
    return graph
