"""Cycles, nodes that no input reaches or that reach no output, and cut spaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import is_cut, label_reads, origin, reach, topological_order
from autorecon.lang.program.nodes import Node
from autorecon.lang.source import Span

MAX_RING = 8  # nodes of a cycle that its message names


def check_graph(
    nodes: Mapping[str, Node], edges: Collection[Edge], header: Span, faults: Diagnostics
) -> bool:
    """Whether it has no cycle, and an input reaches every node and every node the output.

    `header` is the place of what is missing.
    """
    _labels(nodes, faults)
    outputs = [n for n in nodes.values() if n.role == "output"]
    for extra in outputs[1:]:
        help = "one output is the image; make the others nodes"
        faults.report("E0502", f"a second output `{extra.name}`", extra.span, help)
    if not outputs:
        help = "declare `output image [channels, size, size]`"
        faults.report("E0502", "the space has no output", header, help, "no output")
    if not any(n.role in ("noise", "label") for n in nodes.values()):
        help = "declare `input z [latent]: noise`, or `input y: label(classes)`"
        message = "the space has neither noise nor a label to make images of"
        faults.report("E0502", message, header, help, "no noise")
        return False
    if len(outputs) != 1:
        return False
    if _misdirected(nodes, edges, faults) or _cycles(nodes, edges, faults):
        return False
    if _unreached(nodes, edges, faults):
        return False
    _cuts(nodes, edges, outputs[0], faults)
    return True


def _labels(nodes: Mapping[str, Node], faults: Diagnostics) -> None:
    """A net gets one label a sample, for all of its label inputs."""
    labels = [n for n in nodes.values() if n.role == "label"]
    for first, other in zip(labels[:1] * len(labels), labels, strict=True):
        if other.shape != first.shape:
            message = (
                f"`{other.name}` has {other.shape[0]} classes, `{first.name}` {first.shape[0]}: "
                "one label a sample goes to both"
            )
            help = "give all label inputs the same number of classes"
            notes = ((f"`{first.name}` is declared here", first.span),)
            faults.report("E0508", message, other.span, help, notes=notes)


def _misdirected(nodes: Mapping[str, Node], edges: Iterable[Edge], faults: Diagnostics) -> bool:
    found = False
    for edge in edges:
        if nodes[edge.target].is_input:
            found = True
            faults.report("E0507", f"{edge.text} leads into an input", edge.span, "turn it around")
        elif nodes[edge.source].role == "output":
            found = True
            faults.report("E0507", f"{edge.text} leaves the output", edge.span, "turn it around")
    return found


def _cycles(nodes: Mapping[str, Node], edges: Collection[Edge], faults: Diagnostics) -> bool:
    """One fault for each group of nodes that all lead to one another."""
    done = set(topological_order(nodes, edges))
    stuck = [e for e in edges if e.source not in done and e.target not in done]
    if not stuck:
        return False
    import networkx  # only where there is a cycle to be told of

    graph = networkx.DiGraph((edge.source, edge.target) for edge in stuck)
    parts = enumerate(networkx.strongly_connected_components(graph))
    group = {name: number for number, names in parts for name in names}
    inner: dict[int, list[Edge]] = defaultdict(list)
    for edge in stuck:
        if group[edge.source] == group[edge.target]:
            inner[group[edge.source]].append(edge)
    for edges_inside in inner.values():
        _report_cycle(edges_inside, faults)
    return bool(inner)


def _report_cycle(edges: Collection[Edge], faults: Diagnostics) -> None:
    # Every node has a source: walking back must meet itself.
    back = {e.target: e for e in edges}
    name, walked = next(iter(back)), dict[str, int]()
    while name not in walked:
        walked[name] = len(walked)
        name = back[name].source
    ring = [name, *reversed(list(walked)[walked[name] :])]
    edge = back[ring[1]]
    shown = ring if len(ring) <= MAX_RING else [*ring[: MAX_RING - 1], "...", name]
    message = "the edges form a cycle: " + " -> ".join(shown)
    faults.report("E0501", message, edge.span, "data flows one way, from inputs to the output")


def _unreached(nodes: Mapping[str, Node], edges: Collection[Edge], faults: Diagnostics) -> bool:
    inputs = [n.name for n in nodes.values() if n.is_input]
    outputs = [n.name for n in nodes.values() if n.role == "output"]
    forward = reach(inputs, ((e.source, e.target) for e in edges))
    backward = reach(outputs, ((e.target, e.source) for e in edges))
    read = {y: readers[-1] for y, readers in label_reads(nodes, edges)}
    backward |= {y for y, reader in read.items() if reader in backward}
    # Where a whole path is cut off, its first or last node is the fault and the others are echoes.
    fed, used = {e.target for e in edges}, {e.source for e in edges} | set(read)
    entered, left = forward | fed, backward | used
    for node in nodes.values():
        if node.name not in entered:
            help = "lead an edge into it, or remove it"
            faults.report("E0503", f"no input reaches `{node.name}`", node.span, help)
        elif node.name in forward and node.name not in left:
            message = f"`{node.name}` leads nowhere: the output does not depend on it"
            help = _hand_on(node, edges) or "lead an edge out of it, or remove it"
            faults.report("E0504", message, node.span, help)
    return len(forward & backward) < len(nodes)


def _hand_on(node: Node, edges: Iterable[Edge]) -> str | None:
    """What to do where a port of a block hands on another by an edge."""
    into = [edge for edge in edges if edge.target == node.name]
    same = len(into) == 1 and all(c.is_identity for c in into[0].candidates)
    if not (same and node.block and into[0].block == node.block):
        return None
    port = into[0].written[0].rpartition(".")[2]
    return f"lead an edge out of it; or if `{port}` is an `in`, hand that on: `out {port}`"


def _cuts(
    nodes: Mapping[str, Node], edges: Collection[Edge], output: Node, faults: Diagnostics
) -> None:
    possible = [e for e in edges if not e.is_cut]
    if is_cut(nodes, possible):
        message = f"every architecture cuts the output from the {origin(nodes)}"
        help = "some path needs a candidate other than `none` on each of its edges"
        faults.report("E0506", message, output.span, help)
