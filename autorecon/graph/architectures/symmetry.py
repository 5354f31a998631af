"""A space's symmetries, and how many architectures it has up to them.

A symmetry moves nodes so that every edge falls on an edge of the same type with the same candidates
and every node on one of the same shape, role, merge and `then`: two architectures that it takes to
each other are the same generator with other names. Inputs and the output, which have a meaning
outside, stay where they are, and so does the order of a concatenation's parts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import attrs

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import Picks
from autorecon.graph.architectures.ids import places
from autorecon.graph.counting.cost import count
from autorecon.graph.counting.decision_diagram import FrontierTooWide, diagram
from autorecon.lang import Node, Program
from autorecon.lang.program.flow import topological_order
from autorecon.lang.program.rules import Count
from autorecon.lang.program.ties import tied_decisions

# Listing more, or refining the colours of larger spaces, would take seconds.
MAX_SYMMETRIES, MAX_EDGES, MAX_TRIES = 1_024, 2_000, 100_000

T = TypeVar("T")

# Where the nodes that it moves go.
Symmetry = Mapping[str, str]
Links = Mapping[str, Mapping[str, Hashable]]


class TooSymmetric(ValueError):
    """The space has too many symmetries, or is too large, to list them."""

    exit_code = 1


def symmetries(program: Program) -> list[Symmetry]:
    """All symmetries, the identity (which moves nothing) first; raises TooSymmetric."""
    if len(program.edges) > MAX_EDGES:
        raise TooSymmetric(f"{len(program.edges):,} edges are too many to look for symmetries")
    links = _links(program)
    classes = _classes(program, links)
    moved = {name: alike for alike in classes if len(alike) > 1 for name in alike}
    found: list[Symmetry] = []
    for tries, mapping in enumerate(_mappings(moved, links)):
        if mapping is not None:
            found.append(mapping)
        if len(found) > MAX_SYMMETRIES or tries > MAX_TRIES:
            raise TooSymmetric(f"{program.name} has more symmetries than can be listed")
    return found


@once
def reorderings(space: Architectures) -> list[Picks]:
    """What each symmetry does to picks: the places that it takes them from; raises TooSymmetric."""
    place, program = places(space), space.program
    kept = (mapping for mapping in symmetries(program) if _keeps_rules(mapping, program))
    # What is tied stays where it is.
    tied = set(tied_decisions(program))
    own = {
        (edge.source, edge.target): [place[axis] for axis in edge.axes if axis not in tied]
        for edge in space.edges
    }
    return [_reordering(mapping, own, len(place)) for mapping in kept]


def _keeps_rules(mapping: Symmetry, program: Program) -> bool:
    """Whether what it moves obeys the rules whenever the original does."""
    if not program.rules:
        return True
    names = {(e.source, e.target): e.name for e in program.edges}
    moved = {
        name: names[mapping.get(source, source), mapping.get(target, target)]
        for (source, target), name in names.items()
    }
    tied = set(tied_decisions(program))

    def looks(moves: Mapping[str, str]) -> set[Hashable]:
        return {frozenset(_look(count, moves, program, tied) for count in r.counts) for r in rules}

    rules = program.rules
    return looks({name: name for name in moved}) == looks(moved)


def _look(count: Count, moves: Mapping[str, str], program: Program, tied: set[str]) -> Hashable:
    """What a count is about when edges are moved; a choice that is tied stays where it is."""
    bounds = count.least, count.most
    if count.choice is None:
        return *bounds, count.options, frozenset(moves[name] for name in count.edges)
    if count.choice in tied:
        return *bounds, count.choice, count.places
    (edge,) = count.edges
    return *bounds, moves[edge], program.by_name[edge].axes.index(count.choice), count.places


def _reordering(mapping: Symmetry, own: Mapping[tuple[str, str], list[int]], count: int) -> Picks:
    """`own` are the places in the picks of what each edge alone depends on, by its ends."""
    taken = list(range(count))
    for (source, target), before in own.items():
        ends = mapping.get(source, source), mapping.get(target, target)
        for there, here in zip(own[ends], before, strict=True):
            taken[there] = here
    return tuple(taken)


def architectures_up_to_symmetry(program: Program) -> int | None:
    """How many different generators there are when symmetric ones count once (Burnside's lemma:
    the mean, over the symmetries, of how many live parts each leaves as they are).

    None when there are too many symmetries or the space is too entangled; or is restricted.
    """
    if program.is_restricted:
        return None
    try:
        mappings = symmetries(program)
        alike = Counter(_leaders(mapping, program) for mapping in mappings)
        fixed = sum(
            times * count(diagram(folded(program, leaders))) for leaders, times in alike.items()
        )
    except (TooSymmetric, FrontierTooWide):
        return None
    return fixed // len(mappings)


def folded(program: Program, leaders: Leaders) -> Program:
    """The space in which nodes that take each other's places are one node, and so are their edges.

    Its live parts are those that the symmetry leaves as they are: going round, it leads an edge
    into each of a node's places, so that one of them is reached just when all are.
    """
    of_node = dict(zip(program.nodes, leaders[0], strict=True))
    edges = tuple(
        attrs.evolve(edge, source=of_node[edge.source], target=of_node[edge.target])
        for index, edge in enumerate(program.edges)
        if leaders[1][index] == index
    )
    nodes = {name: program.nodes[name] for name in dict.fromkeys(leaders[0])}
    return attrs.evolve(program, nodes=nodes, edges=edges)


# The first of those that take each other's places: of each node, by name, and of each edge.
Leaders = tuple[tuple[str, ...], tuple[int, ...]]


def _leaders(mapping: Symmetry, program: Program) -> Leaders:
    index = {(edge.source, edge.target): i for i, edge in enumerate(program.edges)}
    moves = {
        i: index[mapping.get(source, source), mapping.get(target, target)]
        for (source, target), i in index.items()
    }
    nodes = _first_of_cycle(program.nodes, mapping)
    return tuple(nodes.values()), tuple(_first_of_cycle(moves, moves).values())


def _first_of_cycle(items: Iterable[T], moves: Mapping[T, T]) -> dict[T, T]:
    first: dict[T, T] = {}
    for start in items:
        item = start
        while item not in first:
            first[item] = first.get(start, start)
            item = moves.get(item, item)
    return {item: first[item] for item in items}


def _links(program: Program) -> dict[str, dict[str, Hashable]]:
    """What leads from a node to another; by the source and then the target.

    Edges whose decisions are tied are alike only if they depend on the same ones.
    """
    links: dict[str, dict[str, Hashable]] = {name: {} for name in program.nodes}
    parts: Counter[str] = Counter()
    tied = set(tied_decisions(program))
    owners = {edge.weights_of for edge in program.edges} - {None}
    for edge in program.edges:
        symmetric = program.nodes[edge.target].merge.traits.symmetric
        place = None if symmetric else parts[edge.target]
        parts[edge.target] += 1
        candidates = tuple((c.text, c.ends) for c in edge.candidates)
        axes = tuple(
            axis if axis in tied else len(program.decisions[axis].options) for axis in edge.axes
        )
        weights = edge.name if edge.weights_of or edge.name in owners else None
        links[edge.source][edge.target] = (edge.type, candidates, place, axes, edge.table, weights)
    return links


def _classes(program: Program, links: Links) -> list[list[str]]:
    """Nodes that no look at their surroundings, near or far, tells apart (colour refinement).

    A sweep along the edges carries what it sees all the way, so that few sweeps are enough.
    """
    colours = _numbered({node.name: _looks(node) for node in program.nodes.values()})
    order, back = topological_order(program.nodes, program.edges), _reversed(links)
    known = 0
    while known < len(set(colours.values())):
        known = len(set(colours.values()))
        colours = _sweep(order, back, colours)
        colours = _sweep(order[::-1], links, colours)
    classes = defaultdict(list)
    for name, colour in colours.items():
        classes[colour].append(name)
    return list(classes.values())


def _sweep(order: Sequence[str], links: Links, colours: Mapping[str, int]) -> dict[str, int]:
    seen: dict[str, int] = {}
    numbers: dict[Hashable, int] = {}
    for name in order:
        around = Counter((link, seen[near]) for near, link in links[name].items())
        look = colours[name], frozenset(around.items())
        seen[name] = numbers.setdefault(look, len(numbers))
    return seen


def _looks(node: Node) -> Hashable:
    fixed = node.name if node.is_input or node.role == "output" else None
    return fixed, node.shape, node.sizes, node.role, node.merge, node.then


def _numbered(looks: Mapping[str, Hashable]) -> dict[str, int]:
    numbers: dict[Hashable, int] = {}
    return {name: numbers.setdefault(look, len(numbers)) for name, look in looks.items()}


def _reversed(links: Links) -> dict[str, dict[str, Hashable]]:
    back: dict[str, dict[str, Hashable]] = {name: {} for name in links}
    for source, targets in links.items():
        for target, link in targets.items():
            back[target][source] = link
    return back


def _mappings(moved: Mapping[str, Sequence[str]], links: Links) -> Iterator[Symmetry | None]:
    """Every symmetry, and None for each dead end of the search."""
    order, both = list(moved), (links, _reversed(links))
    mapping: dict[str, str] = {}
    taken: set[str | None] = set()
    waiting = [iter(moved[order[0]])] if order else []
    if not order:
        yield {}
    while waiting:
        name = order[len(waiting) - 1]
        taken.discard(mapping.pop(name, None))
        free = (image for image in waiting[-1] if image not in taken)
        image = next((image for image in free if _agrees(name, image, mapping, both)), None)
        if image is None:
            waiting.pop()
            yield None
            continue
        mapping[name] = image
        taken.add(image)
        if len(waiting) < len(order):
            waiting.append(iter(moved[order[len(waiting)]]))
        else:
            yield dict(mapping)


def _agrees(name: str, image: str, mapping: Symmetry, both: tuple[Links, Links]) -> bool:
    """Whether the edges between `name` and what is mapped already fall on such edges. Those to
    nodes that cannot move do: the colours say so."""
    return all(
        links[image].get(mapping[near]) == link
        for links in both
        for near, link in links[name].items()
        if near in mapping
    )
