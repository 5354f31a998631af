"""Small random spaces, and what listing every one of their architectures says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations, pairwise, product

import pytest
from hypothesis import strategies as st

from autorecon.graph import Space, loads
from autorecon.lang import SpaceError

VECTOR_CANDIDATES = [
    "linear",
    "identity",
    "none",
    "none | identity",
    "linear | none",
    "linear | linear(bias=false) | none",
    "identity | linear >> tanh",
]
LABEL_CANDIDATES = ["embed", "embed | none", "none | embed >> linear"]
NODE_RULES = ["", " merge product", " then bn", " merge mean then linear(bias=false) >> relu"]

# Of each valid architecture, by its picks: the (edge, candidate) pairs of its live part.
Parts = dict[tuple[int, ...], frozenset[tuple[str, str]]]


@st.composite
def _texts(draw: st.DrawFn) -> str:
    """A space of one to three inputs, up to four nodes and an output, joined at random."""
    inputs = ["z", *draw(st.sampled_from([[], ["y"], ["w"], ["y", "w"]]))]
    inner = [f"n{i}" for i in range(draw(st.integers(1, 4)))]
    lines = ["space small", "input z [3]: noise"]
    lines += ["input y: label(5)"] * ("y" in inputs) + ["input w [3]: noise"] * ("w" in inputs)
    lines += [f"node {name} [3]{draw(st.sampled_from(NODE_RULES))}" for name in inner]
    lines.append("output image [3]" + draw(st.sampled_from(["", " then bn"])))
    edges = draw(st.lists(st.sampled_from(_pairs(inputs, inner)), max_size=9, unique=True))
    edges += [("z", name) for name in inner if all(t != name for _, t in edges)]
    sources = {source for source, _ in edges}
    edges += [(name, "image") for name in [*inputs, *inner] if name not in sources]
    for source, target in edges:
        candidates = LABEL_CANDIDATES if source == "y" else VECTOR_CANDIDATES
        lines.append(f"link {source} -> {target} = {draw(st.sampled_from(candidates))}")
    return "\n".join(lines) + "\n"


def _pairs(inputs: list[str], inner: list[str]) -> list[tuple[str, str]]:
    ordered = [*inputs, *inner, "image"]
    return [(a, b) for a, b in combinations(ordered, 2) if b not in inputs]


@st.composite
def _layered_texts(draw: st.DrawFn) -> str:
    """Layers of nodes that are alike, all joined to all, but for a few edges."""
    widths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=2))
    layers = [[f"n{i}{j}" for j in range(width)] for i, width in enumerate(widths)]
    ends = [["z"], *layers, ["image"]]
    lines = ["space layered", "input z [3]: noise", "output image [3]"]
    for layer in layers:
        lines.append(f"node {', '.join(layer)} [3]{draw(st.sampled_from(NODE_RULES))}")
    for sources, targets in pairwise(ends):
        usual = draw(st.sampled_from(["none | identity", "linear", "linear | identity | none"]))
        other = draw(st.sampled_from(["none | identity", "linear", usual, usual]))
        odd = draw(st.integers(0, 8))
        for i, (source, target) in enumerate(product(sources, targets)):
            lines.append(f"link {source} -> {target} = {other if i == odd else usual}")
    return "\n".join(lines) + "\n"


def _checked(text: str, most: int) -> Space | None:
    try:
        space = loads(text)
    except SpaceError:
        return None
    return space if space.architectures <= most else None


@pytest.fixture(scope="session")
def small_spaces() -> st.SearchStrategy[Space]:
    return _texts().map(lambda text: _checked(text, 300)).filter(bool)


@pytest.fixture(scope="session")
def layered_spaces() -> st.SearchStrategy[Space]:
    return _layered_texts().map(lambda text: _checked(text, 2_500)).filter(bool)


@pytest.fixture(scope="session")
def live_parts() -> Callable[[Space], Parts]:
    return list_live_parts


def list_live_parts(space: Space) -> Parts:
    """By walking the graph of each architecture in turn."""
    inputs = {n.name for n in space.nodes.values() if n.role != "inner"} - {"image"}
    noise = {n.name for n in space.nodes.values() if n.role == "noise"}
    parts = {}
    for choice in product(*(range(len(edge.candidates)) for edge in space.edges)):
        chosen = {e: e.candidates[i] for e, i in zip(space.edges, choice, strict=True)}
        there = [e for e, c in chosen.items() if not c.is_none]
        after = closure(inputs, [(e.source, e.target) for e in there])
        before = closure({"image"}, [(e.target, e.source) for e in there])
        if noise & before:
            live = (e for e in there if e.source in after and e.target in before)
            picks = (i for e, i in zip(space.edges, choice, strict=True) if len(e.candidates) > 1)
            parts[tuple(picks)] = frozenset((e.name, chosen[e].text) for e in live)
    return parts


def closure(names: Iterable[str], pairs: list[tuple[str, str]]) -> set[str]:
    names = set(names)
    while more := {b for a, b in pairs if a in names} - names:
        names |= more
    return names
