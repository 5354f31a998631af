"""Architectures that differ in the names of nodes only, by trying every way to exchange nodes."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain, permutations, product
from math import factorial, prod
from random import Random

from autorecon import Space
from autorecon.graph.architectures.liveness import canonical_picks
from autorecon.graph.architectures.symmetry import TooSymmetric, symmetries
from autorecon.lang import Program
from fuzzing.judge import same
from fuzzing.listing import Architecture, Part, Picks

MOST = 720  # ways to exchange nodes that look alike


def check_symmetry(space: Space, listed: list[Architecture], _: Random) -> None:
    """The count up to symmetry, and that one form stands for all that are alike."""
    if space.program.rules or space.program.limits:
        return
    classes = _look_alikes(space.program)
    if prod(factorial(len(names)) for names in classes) > MOST:
        return
    moves = list(_moves(space.program, classes))
    valid = [a for a in listed if a.valid]
    orbits = {part: _least(part, moves) for part in {a.part for a in valid}}
    found = space.architectures_up_to_symmetry
    if found is not None:
        same("count up to symmetry", found, len(set(orbits.values())))
        same("symmetries", len(symmetries(space.program)), len(moves))
    if len(moves) > 1:
        _check_forms(space, valid, orbits)


def _check_forms(space: Space, valid: list[Architecture], orbits: Mapping[Part, tuple]) -> None:
    forms: dict[tuple, Picks] = {}
    part_of = {one.picks: one.part for one in valid}
    for one in valid:
        try:
            form = canonical_picks(space, one.picks, up_to_symmetry=True)
        except TooSymmetric:
            return
        same("form is one of those alike", orbits[part_of[form]], orbits[one.part])
        same("form up to symmetry", forms.setdefault(orbits[one.part], form), form)
    same("forms up to symmetry", len(set(forms.values())), len(forms))


def _look_alikes(program: Program) -> list[list[str]]:
    classes = defaultdict(list)
    for node in program.nodes.values():
        if node.role == "inner":
            classes[node.shape, node.merge, node.then].append(node.name)
    return [names for names in classes.values() if len(names) > 1]


def _moves(program: Program, classes: list[list[str]]) -> Iterator[dict[str, str]]:
    """Where each edge goes, for each exchange that leads all edges onto edges like them."""
    likes = _likenesses(program)
    for images in product(*map(permutations, classes)):
        to = dict(zip(chain(*classes), chain(*images), strict=True))
        ends = {(to.get(a, a), to.get(b, b)): like for (a, b), (_, like) in likes.items()}
        if ends == {pair: like for pair, (_, like) in likes.items()}:
            yield {
                name: likes[to.get(a, a), to.get(b, b)][0] for (a, b), (name, _) in likes.items()
            }


def _likenesses(program: Program) -> dict[tuple[str, str], tuple[str, tuple]]:
    """Of each edge, by its ends, its name and what others must have in common with it."""
    uses = Counter(axis for edge in program.edges for axis in edge.axes)
    sizes = {name: len(decision.options) for name, decision in program.decisions.items()}
    owners = {edge.weights_of for edge in program.edges}
    places: Counter[str] = Counter()
    found = {}
    for edge in program.edges:
        exchanged = program.nodes[edge.target].merge.name in ("sum", "mean", "product")
        place = None if exchanged else places[edge.target]
        places[edge.target] += 1
        weights = edge.name if edge.weights_of or edge.name in owners else None
        texts = tuple(c.text for c in edge.candidates)
        # What other edges depend on as well has to be the same, and stays where it is.
        axes = tuple(axis if uses[axis] > 1 else sizes[axis] for axis in edge.axes)
        like = (edge.type, texts, edge.table, place, weights, axes)
        found[edge.source, edge.target] = edge.name, like
    return found


def _least(part: Part, moves: list[dict[str, str]]) -> tuple:
    return min(tuple(sorted((move[name], c) for name, c in part)) for move in moves)
