"""Checked program -> networkx DAG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from autorecon.graph.widest import widest
from autorecon.lang import Node, Pipeline, Program
from autorecon.lang.elaborate.sharing import leaders
from autorecon.lang.program.sizes import Sizes

if TYPE_CHECKING:
    import networkx

_Options = Mapping[str, tuple[Pipeline, ...]]


def build_graph(program: Program) -> networkx.MultiDiGraph:
    """A DAG whose nodes and edges carry what the program says of them; `from_graph` leads back.

    The graph: `name`, `parameters` and, where there are any, `instances` (each with the one that it
    comes after, or None), `edge_types` (of each its `contract` and `candidates`), `choices` (texts
    of their options), `apart` (those that are so), `shares` ("choice" or "weights", and names of
    edges or choices), `rules` and `limits` (texts).

    A node: `shape` (without the batch axis; a Label for labels) and, where a choice decides its
    first size, of which that is the largest, `size` (an expression; where it decides others, one of
    each), `role` (noise, label, inner,
    output), `block`, `merge` and `then` (texts; None), `aliases`, and the checked Node as `record`.

    An edge, whose key is its name: `type`, `contract`, `candidates` (texts, which name choices as
    the source does), `block`, `place` (its number in the source), and the checked Edge as `record`.
    """
    import networkx

    options, shown = _as_written(program), widest(program)
    graph = networkx.MultiDiGraph(name=program.name, parameters=dict(program.parameters))
    graph.graph |= {key: value for key, value in _said(program, options).items() if value}
    for node in shown.nodes.values():
        graph.add_node(
            node.name,
            shape=node.shape,
            **({"size": _size(node.sizes, node, program)} if node.sizes else {}),
            role=node.role,
            block=node.block,
            merge=node.merge.text,
            then=node.then.text if node.then else None,
            aliases=node.aliases,
            record=node,
        )
    for place, edge in enumerate(shown.edges):
        graph.add_edge(
            edge.source,
            edge.target,
            key=edge.name,
            type=edge.type,
            contract=edge.contract,
            candidates=_texts(options.get(edge.name, edge.candidates)),
            block=edge.block,
            place=place,
            record=edge,
        )
    return graph


def _size(sizes: Sizes, node: Node, program: Program) -> str | tuple[str, ...]:
    options = [int(option.text) for option in program.written.choices[sizes.choice]]
    name = sizes.choice.removeprefix(f"{node.block}.")
    if sizes.are_of_channels:
        return sizes.expression(options, name)
    return tuple(sizes.expression(options, name, place) for place, _ in enumerate(node.shape))


def _texts(options: Iterable[Pipeline]) -> tuple[str, ...]:
    return tuple(option.text for option in options)


def _as_written(program: Program) -> _Options:
    """Edges that name choices. A genotype's do so no more, but for those that a node applies: it is
    by a choice alone that what comes in is a node of its own."""
    if not program.of:
        return program.written.options
    applied = {e.name for e in program.edges if e.source == f"{e.target}.merge"}
    return {name: options for name, options in program.written.options.items() if name in applied}


def _said(program: Program, options: _Options) -> dict[str, Any]:
    written, choices = program.written, _choices(program, options)
    return {
        "instances": {name: _after(some) for name, some in written.instances.items()},
        "edge_types": {} if program.of else _edge_types(program),
        "choices": {name: _texts(left) for name, left in choices.items()},
        "apart": tuple(name for name in written.apart if name in choices),
        "shares": tuple(s for s in written.shares if s[0] == "weights" or not program.of),
        "rules": tuple(_rules(program)),
        "limits": tuple(limit.text.replace(",", "") for limit in program.limits),
    }


def _after(instances: tuple[str, ...]) -> str | tuple[str, ...] | None:
    """As a graph says it: none, one or several."""
    return instances if instances[1:] else instances[0] if instances else None


def _rules(program: Program) -> Iterator[str]:
    """Without those of a genotype that name choices: it has none."""
    for rule in program.rules:
        if not program.of or all(count.choice is None for count in rule.counts):
            yield rule.text


def _edge_types(program: Program) -> dict[str, dict[str, Any]]:
    """Those that edges have."""
    contracts = {edge.type: edge.contract for edge in program.edges}
    return {
        name: {"contract": contracts[name], "candidates": _texts(candidates)}
        for name, candidates in program.edge_types.items()
        if name in contracts
    }


def _choices(program: Program, options: _Options) -> _Options:
    """All of a space. Of a genotype those that something names still, with the option chosen."""
    known = program.written.choices
    if not program.of:
        return known
    first = leaders(names for _, names in program.written.shares)
    left: dict[str, tuple[Pipeline, ...]] = {}
    waiting = [pipeline for candidates in options.values() for pipeline in candidates]
    while waiting:
        for name in {p.choice for p in waiting.pop().choices} - left.keys():
            option = known[name][program.picks.get(first.get(name, name), 0)]
            left[name] = (option,)
            waiting.append(option)
    return {name: left[name] for name in known if name in left}
