"""A space as DOT text: the drawing that a paper would print."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import attrs

from autorecon.graph.draw import labels
from autorecon.graph.draw.labels import FAINT, GREY, INK, PALETTE
from autorecon.graph.space import Space
from autorecon.lang import Edge, Node, Pipeline
from autorecon.lang.program.flow import label_reads

if TYPE_CHECKING:
    import graphviz

Attributes = dict[str, str]

# Both engines know the widths of Helvetica's letters, and every viewer has it or its double.
GRAPH = {
    "rankdir": "TB",
    "fontname": "Helvetica",
    "fontsize": "10",
    "nodesep": "0.28",
    "ranksep": "0.36",
    "pad": "0.15",
    "bgcolor": "white",
    "labelloc": "b",
    "labeljust": "l",
    "outputorder": "edgesfirst",
}
NODE = {
    "fontname": "Helvetica",
    "fontsize": "11",
    "shape": "box",
    "style": "rounded,filled",
    "fillcolor": "white",
    "color": "#7B8794",
    "margin": "0.1,0.05",
    "height": "0.42",
}
EDGE = {
    "fontname": "Helvetica",
    "fontsize": "9",
    "arrowsize": "0.6",
    "penwidth": "1.3",
    "weight": "8",
}
BLOCK = {
    "style": "rounded,filled",
    "fillcolor": "#F3F6FA",
    "color": "#CBD5E1",
    "peripheries": "1",
    "fontsize": "11",
    "fontcolor": GREY,
    "labeljust": "l",
    "labelloc": "t",
    "margin": "10",
}
INPUT = {"shape": "ellipse", "style": "filled", "fillcolor": "#E8ECF1", "margin": "0.04,0.02"}
_OUTPUT = {"fillcolor": "#3E4C59", "color": "#3E4C59"}
_DEAD_NODE = {"color": FAINT, "style": "rounded,dashed"}
_CUT_EDGE = {"color": FAINT, "style": "dashed", "penwidth": "0.7", "arrowsize": "0.45"}
# A label that is read leads nowhere: its lines may not pull the others about.
_READ = {
    "color": GREY,
    "style": "dotted",
    "penwidth": "0.8",
    "arrowsize": "0.45",
    "constraint": "false",
}


def dot_source(space: Space) -> str:
    """The drawing of `space` in the DOT language; the same space gives the same text.

    Blocks are clusters, edge types are colours. Edges show their candidates where these are not
    simply their type's. `none` is faint and dashed, and what the image does not depend on is faint.
    Dotted lines lead from a label to where operations read it.
    """
    import graphviz

    pen, shown = _Pen.of(space), space.widest
    drawing = graphviz.Digraph(plain(space.name), graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
    choices = labels.named_choices(space.program)
    if set(pen.types) != {"link"} or space.restrictions or choices:
        table = labels.legend(space.program, pen.colours, space.is_genotype)
        drawing.attr("graph", label=table)
    # A graph has one label, the legend; the title is that of an unseen box around everything.
    with drawing.subgraph(name="cluster_page") as page:
        page.attr(**_title(space), peripheries="0", labelloc="t", labeljust="l", margin="6")
        draw_nodes(shown.nodes.values(), pen.node, page)
        for edge in shown.edges:
            page.edge(edge.source, edge.target, **pen.edge(edge))
        for label, node in _readers(shown):
            page.edge(label, node, tooltip=plain(f"{node} reads {label}"), **_READ)
    return drawing.source


def _readers(space: Space) -> list[tuple[str, str]]:
    """Each label input with the nodes at which an operation, as `ccbn(y)`, reads it."""
    reads = label_reads(space.nodes, space.edges)
    return list(dict.fromkeys((label, nodes[-1]) for label, nodes in reads))


def _title(space: Space) -> dict[str, str]:
    parameters = ", ".join(f"{k} = {v}" for k, v in space.parameters.items())
    if space.is_genotype:
        size, macs = space.cost.parameters.max, space.cost.macs.max
        measure = f"{labels.size_text(size)} parameters, {labels.size_text(macs)} MACs an image"
        exact = f"{size:,} parameters, {macs:,} multiply-accumulates"
    else:
        measure = f"{labels.count_text(space.architectures)} architectures"
        exact = f"{labels.exact_text(space.architectures)} architectures"
    name = labels.font(space.name, size=18, colour=INK)
    of = f"of {space.program.of}, " if space.program.of else ""
    about = labels.font(of + measure, size=11, colour=GREY)
    label = labels.table([[f"<B>{name}</B>"], [about]], padding=1)
    return {"label": label, "tooltip": plain("\n".join([exact, parameters]))}


def draw_nodes(
    nodes: Iterable[Node], drawn: Callable[[Node], Attributes], page: graphviz.Digraph
) -> None:
    """Each as it is `drawn`, those of a block in a box of their own."""
    blocks: dict[str | None, list[Node]] = defaultdict(list)
    for node in nodes:
        blocks[node.block].append(node)
    for node in blocks.pop(None, ()):
        page.node(node.name, **drawn(node))
    for block, members in blocks.items():
        with page.subgraph(name=f"cluster_{block}") as cluster:
            cluster.attr(label=plain(str(block)), tooltip=plain(str(block)), **BLOCK)
            for node in members:
                cluster.node(node.name, **drawn(node))


@attrs.frozen
class _Pen:
    """How nodes and edges of one space are drawn."""

    space: Space
    types: dict[str, tuple[Pipeline, ...]]
    colours: dict[str, str]

    @classmethod
    def of(cls, space: Space) -> _Pen:
        types = labels.edge_types(space.program)
        declared = [name for name in types if name != "link"]
        colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(declared)}
        return cls(space, types, {**colours, "link": GREY})

    def node(self, node: Node) -> dict[str, str]:
        then = f"\nthen {node.then.text}" if node.then else ""
        ink, grey, style = INK, GREY, {}
        if node.role == "output":
            ink, grey, style = "white", "#CBD2D9", _OUTPUT
        elif node.is_input:
            style = INPUT
        if node.name not in self.space.live:
            ink, grey, style = FAINT, FAINT, {**style, **_DEAD_NODE}
        origin = node.role if node.is_input else f"{node.merge.text} of what comes in"
        tooltip = plain(f"{node.name}: {origin}{then}")
        return {"label": labels.node_label(node, ink, grey), "tooltip": tooltip, **style}

    def edge(self, edge: Edge) -> dict[str, str]:
        tooltip = edge_tooltip(edge)
        shown = {"tooltip": tooltip, "labeltooltip": tooltip}
        if self._leaps(edge):
            shown["weight"] = "0"
        if edge.is_cut:
            return {**shown, **_CUT_EDGE}
        alive = {edge.source, edge.target} <= self.space.live
        shown["color"] = shown["fontcolor"] = self.colours[edge.type] if alive else FAINT
        usual = edge.candidates == self.types[edge.type] and edge.axes == (edge.name,)
        if len(edge.candidates) == 1 or not usual:
            shown["label"] = plain(labels.edge_label(edge, self.space.program.decisions))
        if len(edge.candidates) == 1 and edge.candidates[0].is_identity:
            shown["penwidth"] = "0.7"
        return shown

    def _leaps(self, edge: Edge) -> bool:
        """From block to block: such an edge bends around what the others keep in line."""
        blocks = {self.space.nodes[edge.source].block, self.space.nodes[edge.target].block}
        return edge.block is None and len(blocks - {None}) == 2


def edge_tooltip(edge: Edge) -> str:
    return plain(f"{edge.text}: " + " | ".join(c.text for c in edge.candidates))


def plain(text: str) -> str:
    """Text that DOT takes as it is: no escapes, no HTML."""
    import graphviz

    return graphviz.escape(text)
