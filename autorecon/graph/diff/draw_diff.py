"""A difference as DOT text: the new space over the old one, with what changed marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from autorecon.graph.diff.diff import Change, Difference, EdgeChange, Kind, NodeChange
from autorecon.graph.draw import labels
from autorecon.graph.draw.draw import EDGE, GRAPH, INPUT, NODE, draw_nodes, edge_tooltip, plain
from autorecon.graph.draw.labels import GREY, INK
from autorecon.graph.draw.render import shown_dot
from autorecon.lang import Edge, Node
from autorecon.lang.wording import plural

# Okabe and Ito's green, vermilion and amber; the line's style and the sign say the same without
# colour.
COLOURS: dict[Kind, str] = {"added": "#009E73", "removed": "#D55E00", "changed": "#C48A00"}
FILLS: dict[Kind, str] = {"added": "#E3F5EF", "removed": "#FBECE3", "changed": "#FBF3DF"}
STYLES: dict[Kind, str] = {"added": "solid", "removed": "dashed", "changed": "bold"}
SIGNS: dict[Kind, str] = {"added": "+", "removed": "\u2212", "changed": "~"}
_SAME = "#9AA5B1"
_ARROW = "\u2192"
_WIDE = 30  # characters that a node has room for


def diff_source(difference: Difference) -> str:
    """The drawing in the DOT language; the same difference gives the same text."""
    import graphviz

    names = _arrow(difference.old.name, difference.new.name)
    drawing = graphviz.Digraph(plain(names), graph_attr=GRAPH, node_attr=NODE, edge_attr=EDGE)
    drawing.attr("graph", label=_legend(difference))
    with drawing.subgraph(name="cluster_page") as page:
        title = labels.font(names, size=18, colour=INK)
        label = labels.table([[f"<B>{title}</B>"]], padding=1)
        page.attr(label=label, peripheries="0", labelloc="t", labeljust="l", margin="6")
        changes = {change.name: change for change in difference.nodes}
        gone = [c.old for c in difference.nodes if c.old and not c.new]
        nodes = [*difference.new.widest.nodes.values(), *gone]
        draw_nodes(nodes, lambda node: _node(node, changes.get(node.name)), page)
        for source, target, shown in _edges(difference):
            page.edge(source, target, **shown)
    return drawing.source


def shown(difference: Difference) -> str | None:
    """The drawing for a notebook, or None where it cannot be made."""
    return shown_dot(diff_source(difference))


def _node(node: Node, change: NodeChange | None) -> dict[str, str]:
    base = dict(INPUT) if node.is_input else {}
    label = labels.node_label(node, INK, GREY)
    if change is None:
        return {**base, "label": label, "tooltip": plain(node.name)}
    kind, told = change.kind, [line for c in change.changes for line in _sides(c)]
    lines = "".join(f"<BR/>{labels.font(line, size=9, colour=INK)}" for line in told)
    sign = labels.font(f"{SIGNS[kind]} ", colour=COLOURS[kind])
    return {
        **base,
        "label": f"<{sign}{label[1:-1]}{lines}>",
        "tooltip": plain("\n".join([f"{node.name}: {kind}", *told])),
        "color": COLOURS[kind],
        "fillcolor": FILLS[kind],
        "style": f"{'filled' if node.is_input else 'rounded,filled'},{STYLES[kind]}",
        "penwidth": "1.6",
    }


def _edges(difference: Difference) -> Iterator[tuple[str, str, dict[str, str]]]:
    changes = {id(c.edge): c for c in difference.edges}
    for edge in difference.new.widest.edges:
        yield edge.source, edge.target, _edge(edge, changes.get(id(edge)))
    for change in difference.edges:
        if change.old and not change.new:
            yield *_ends_now(change.old, difference), _edge(change.old, change)


def _ends_now(edge: Edge, difference: Difference) -> tuple[str, str]:
    """A removed edge ends where its nodes are now, should they be called something else."""
    renamed = {c.old.name: c.new.name for c in difference.nodes if c.old and c.new}
    return renamed.get(edge.source, edge.source), renamed.get(edge.target, edge.target)


def _edge(edge: Edge, change: EdgeChange | None) -> dict[str, str]:
    tooltip = edge_tooltip(edge)
    if change is None:
        faint = {"style": "dotted"} if edge.is_cut else {}
        return {"color": _SAME, "penwidth": "0.8", "tooltip": tooltip, **faint}
    colour = COLOURS[change.kind]
    return {
        "color": colour,
        "fontcolor": colour,
        "style": STYLES[change.kind],
        "penwidth": "2",
        "label": plain("\n".join(f" {line} " for line in _told(change))),
        "tooltip": tooltip,
        "labeltooltip": tooltip,
    }


def _told(change: EdgeChange) -> list[str]:
    """What a changed edge's label says; few candidates a line keep the drawing narrow."""
    if change.kind != "changed":
        names = labels.short_names(change.edge.candidates)
        shown = names if len(names) <= 3 else [f"{len(names)} candidates"]
        return [f"{SIGNS[change.kind]} {' | '.join(shown)}"]
    lines = [line for c in change.changes for line in _sides(c)]
    if change.chosen:
        old, new = labels.short_names(change.chosen)
        return [*lines, _arrow(old, new)]
    if change.new and len(change.new.candidates) == 1 and not change.added:
        return [*lines, f"{_ARROW} {labels.short_name(change.new.candidates[0])}"]
    lines += [f"{SIGNS['removed']} {labels.short_name(c)}" for c in change.removed]
    lines += [f"{SIGNS['added']} {labels.short_name(c)}" for c in change.added]
    return lines or ["candidates in another order"]


def _sides(change: Change) -> list[str]:
    old, new = change.sides
    if len(old) + len(new) < _WIDE:
        return [f"{change.name}: {_arrow(old, new)}"]
    return [f"{change.name}: {old}", f"{_ARROW} {new}"]


def _arrow(old: str, new: str) -> str:
    return f"{old} {_ARROW} {new}"


def _legend(difference: Difference) -> str:
    nodes = Counter(change.kind for change in difference.nodes)
    edges = Counter(change.kind for change in difference.edges)
    rows = []
    for kind, sign in SIGNS.items():
        counts = f"{plural(nodes[kind], 'node')}, {plural(edges[kind], 'edge')}"
        about = {"added": "solid", "removed": "dashed", "changed": f"old {_ARROW} new"}[kind]
        texts = f"{sign} {kind}", about, counts
        rows.append([labels.font(text, size=10, colour=COLOURS[kind]) for text in texts])
    rows += [
        [labels.font(text, size=10, colour=INK) for text in (c.name, _arrow(*c.sides))]
        for c in (*difference.parameters, *difference.restrictions)
    ]
    return labels.table(rows, padding=2)
