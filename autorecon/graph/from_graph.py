"""A networkx graph that a user built or changed -> space, by way of the text that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from autorecon.graph.dag.attributes import shown
from autorecon.graph.dag.draft import read_graph
from autorecon.graph.dag.write import lines
from autorecon.graph.space import Space, proved
from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.state import MAX_EDGES, MAX_NODES
from autorecon.lang.fmt import format_source
from autorecon.lang.source import MAX_BYTES

if TYPE_CHECKING:
    import networkx


def from_graph(graph: networkx.DiGraph) -> Space:
    """Check a graph as a text is checked: a networkx MultiDiGraph or DiGraph with the attributes
    that `Space.graph` has, of which most may be left out.

    The space's `text` says the same, with numbers in the place of expressions, and is read as an
    equal space. SpaceError lists what is wrong, with the names of nodes and edges for places.
    """
    faults = Diagnostics()
    _refuse_others(graph, faults)
    draft = read_graph(graph, faults)
    faults.finish()
    texts, places = zip(*lines(draft), strict=True)
    faults.finish()
    name = f"{draft.name}.space"
    source = Source(_bounded("\n".join(texts) + "\n"), name, places=places)
    program = check(source)
    text = _bounded(format_source(Source(source.text, name)))
    return proved(Space(attrs.evolve(program, source=Source(text, name))))


def _refuse_others(graph: networkx.DiGraph, faults: Diagnostics) -> None:
    """What is no directed graph, or larger than any space."""
    import networkx

    if not isinstance(graph, networkx.DiGraph):
        help = "build a `networkx.MultiDiGraph`"
        message = f"`from_graph` takes a directed graph of networkx, not {shown(graph)}"
        raise SpaceError([Diagnostic("E1001", message, None, help)])
    counts = (
        ("nodes", graph.number_of_nodes(), MAX_NODES),
        ("edges", graph.number_of_edges(), MAX_EDGES),
    )
    for what, count, most in counts:
        if count > most:
            message = f"the graph has {count:,} {what}; a space has at most {most:,}"
            faults.report("E0305", message, None, "make it smaller")
    faults.finish()


def _bounded(text: str) -> str:
    """The text itself, if it can be read back."""
    if (size := len(text.encode())) <= MAX_BYTES:
        return text
    message = f"the graph is a text of {size:,} bytes; one has at most {MAX_BYTES:,}"
    raise SpaceError([Diagnostic("E0305", message, None, "make it smaller")])
