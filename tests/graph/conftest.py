"""Small random spaces, and what listing every one of their architectures says of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from itertools import combinations, pairwise, product
from operator import eq, ge, le

import pytest
from hypothesis import strategies as st

from autorecon.graph import Space, loads
from autorecon.graph.counting.cost import measures
from autorecon.lang import Edge, Pipeline, SpaceError

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

MEASURES = {"params": 0, "macs": 1, "activations": 2}
RULE = re.compile(
    r"^rule (at most|at least|exactly) (\d+) ([\w |]+?)(?: (into|from) (\w+))?$", re.M
)
LIMIT = re.compile(r"^limit (\w+) (<=|>=) (\d+)$", re.M)
HOLDS = {"at most": le, "<=": le, "at least": ge, ">=": ge, "exactly": eq}

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


@st.composite
def _named_layered_texts(draw: st.DrawFn) -> str:
    """Twins whose edges depend on a choice each, on one for all, or on both."""
    width = draw(st.integers(2, 3))
    lines = ["space twins", "input z [3]: noise", "output image [3]"]
    lines.append(f"node {', '.join(f'n{i}' for i in range(width))} [3]")
    usual = draw(st.sampled_from(["own{} >> all", "own{} >> linear | all", "all >> own{} | none"]))
    own = draw(st.sampled_from(["bn | identity", "none | identity", "relu | bn"]))
    choices = [f"choice own{i} = {own}" for i in range(width)]
    choices.insert(draw(st.integers(0, width)), "choice all = bn | identity | none")
    lines += [f"link z -> n{i} = {usual.format(i)}" for i in range(width)]
    odd = draw(st.sampled_from(["none | identity", "own0", "identity"]))
    lines += [f"link n{i} -> image = {odd}" for i in range(width)]
    return "\n".join([*lines, *choices]) + "\n"


@st.composite
def _restricted_texts(draw: st.DrawFn) -> str:
    """One to three rules about the edges of a small space, and perhaps limits of what it costs."""
    return draw(_restricted(draw(_texts())))


@st.composite
def _restricted(draw: st.DrawFn, text: str) -> str:
    nodes = sorted({end for pair in re.findall(r"^\w+ (\w+) -> (\w+)", text, re.M) for end in pair})
    for _ in range(draw(st.integers(1, 3))):
        bound = draw(st.sampled_from(["at most", "at least", "exactly"]))
        option = draw(st.sampled_from(["none", "none", "linear", "identity", "identity | none"]))
        place = draw(st.sampled_from(["", f" into {draw(st.sampled_from(nodes))}", " from z"]))
        text += f"rule {bound} {draw(st.integers(0, 3))} {option}{place}\n"
    for _ in range(draw(st.integers(0, 2))):
        measure = draw(st.sampled_from(list(MEASURES)))
        text += (
            f"limit {measure} {draw(st.sampled_from(['<=', '>=']))} {draw(st.integers(0, 60))}\n"
        )
    return text


TIED_CANDIDATES = [
    "norm >> linear",
    "norm >> linear | identity | none",
    "on >> linear | norm",
    "linear | on",
    "on",
]
# With a choice that is named nowhere else.
LONE_CANDIDATES = ["{}", "{} >> linear", "linear | {}", "linear >> {} | none", "{} >> norm | {}"]
LONE_OPTIONS = ["relu | tanh", "none | identity", "identity | only", "only | none", "bn | norm"]


@st.composite
def _tied_texts(draw: st.DrawFn) -> str:
    """The same with choices that one or several edges, nodes and types of edges name, and edges
    that share theirs."""
    lines = draw(_texts()).splitlines()
    named = draw(st.sampled_from(["bn | identity", "bn | layer_norm", "bn | identity | none"]))
    other = draw(st.sampled_from(["none | identity", "identity | linear | none", "relu | norm"]))
    links = [i for i, line in enumerate(lines) if line.startswith("link") and " y ->" not in line]
    for i in draw(st.lists(st.sampled_from(links), max_size=3, unique=True)):
        lines[i] = lines[i].partition(" = ")[0] + f" = {draw(st.sampled_from(TIED_CANDIDATES))}"
    for i in draw(st.lists(st.sampled_from(links), max_size=2, unique=True)):
        found = draw(st.sampled_from(LONE_CANDIDATES)).replace("{}", f"lone{i}")
        lines[i] = lines[i].partition(" = ")[0] + f" = {found}"
        lines.append(f"choice lone{i} = {draw(st.sampled_from(LONE_OPTIONS))}")
    nodes = [i for i, line in enumerate(lines) if line.startswith("node")]
    if draw(st.booleans()):
        i = draw(st.sampled_from(nodes))
        lines[i] = (
            lines[i].partition(" then ")[0] + f" then {draw(st.sampled_from(['norm', 'on']))}"
        )
    ends = [line[5:].partition(" = ")[0] for line in lines if line.startswith("link")]
    if len(ends) > 1 and draw(st.booleans()):
        both = draw(st.lists(st.sampled_from(ends), min_size=2, max_size=3, unique=True))
        lines.append(f"share {draw(st.sampled_from(['choice', 'weights']))} {', '.join(both)}")
    if draw(st.booleans()):
        i = draw(st.sampled_from(links))
        pair, _, found = lines[i].removeprefix("link ").partition(" = ")
        lines[i] = f"kind {pair}"
        lines.append(f"edge kind = {found}")
    lines += [f"choice norm = {named}", f"choice on = {other}", "choice only = identity"]
    return "\n".join(lines) + "\n"


def _checked(text: str, most: int) -> Space | None:
    try:
        space = loads(text)
    except SpaceError:
        return None
    return space if space.architectures <= most else None


def _is_named(space: Space | None) -> bool:
    """Whether not every edge has a decision of its own; nothing need be tied for that."""
    return space is not None and any(e.axes != (e.name,) for e in space.edges if e.axes)


@pytest.fixture(scope="session")
def small_spaces() -> st.SearchStrategy[Space]:
    return _texts().map(lambda text: _checked(text, 300)).filter(bool)


@pytest.fixture(scope="session")
def restricted_texts() -> st.SearchStrategy[str]:
    return _restricted_texts()


@pytest.fixture(scope="session")
def restricted_tied_spaces() -> st.SearchStrategy[Space]:
    texts = _tied_texts().flatmap(_restricted)
    return texts.map(lambda text: _checked(text, 400)).filter(_is_named)


@pytest.fixture(scope="session")
def restricted_spaces() -> st.SearchStrategy[Space]:
    return _restricted_texts().map(lambda text: _checked(text, 300)).filter(bool)


@pytest.fixture(scope="session")
def tied_spaces() -> st.SearchStrategy[Space]:
    return _tied_texts().map(lambda text: _checked(text, 400)).filter(_is_named)


@pytest.fixture(scope="session")
def named_layered_spaces() -> st.SearchStrategy[Space]:
    return _named_layered_texts().map(lambda text: _checked(text, 2_500)).filter(bool)


@pytest.fixture(scope="session")
def layered_spaces() -> st.SearchStrategy[Space]:
    return _layered_texts().map(lambda text: _checked(text, 2_500)).filter(bool)


@pytest.fixture(scope="session")
def live_parts() -> Callable[[Space], Parts]:
    return list_live_parts


@pytest.fixture(scope="session")
def architecture_cost() -> Callable[[Space, frozenset[tuple[str, str]]], list[int]]:
    return cost_of_part


def list_live_parts(space: Space) -> Parts:
    """By walking the graph of each architecture in turn; those within its rules and limits."""
    inputs = {n.name for n in space.nodes.values() if n.role != "inner"} - {"image"}
    noise = {n.name for n in space.nodes.values() if n.role == "noise"}
    parts = {}
    for picks in product(*(range(len(decision.options)) for decision in space.decisions)):
        chosen = {e: candidate_of(space, e, picks) for e in space.edges}
        there = [e for e, c in chosen.items() if not c.is_none]
        after = closure(inputs, [(e.source, e.target) for e in there])
        before = closure({"image"}, [(e.target, e.source) for e in there])
        if noise & before:
            live = (e for e in there if e.source in after and e.target in before)
            part = frozenset((e.name, chosen[e].text) for e in live)
            if obeys(space, {e.name: c.text for e, c in chosen.items()}, part):
                parts[picks] = part
    return parts


def obeys(space: Space, chosen: dict[str, str], part: frozenset[tuple[str, str]]) -> bool:
    """Whether every rule and limit of the text holds; here they are plain enough to be read so."""
    counts = []
    for bound, number, option, preposition, place in RULE.findall(space.text):
        there = {"into": 1, "from": 0}.get(preposition)
        written = (e for e in space.edges if there is None or e.written[there] == place)
        # What a node applies by a choice is an edge beside those that lead into it.
        edges = (e for e in written if there != 1 or not e.source.endswith(".merge"))
        wanted = set(option.split(" | "))
        count = sum(bool(wanted & set(re.findall(r"\w+", chosen[e.name]))) for e in edges)
        counts.append((bound, count, int(number)))
    for measure, sign, bound in LIMIT.findall(space.text):
        counts.append((sign, cost_of_part(space, part)[MEASURES[measure]], int(bound)))
    return all(HOLDS[bound](count, number) for bound, count, number in counts)


def cost_of_part(space: Space, part: frozenset[tuple[str, str]]) -> list[int]:
    """Parameters, multiply-accumulates and activations of what is live; shared weights once."""
    nodes = {end for name, _ in part for end in name.split("->")}
    texts = {e.name: [c.text for c in e.candidates] for e in space.edges}
    once = {e.name: e.weights_of or e.name for e in space.edges}
    totals = []
    for costs, owners in zip(measures(space.program), (once, {}, {}), strict=True):
        edges = {
            (owners.get(name, name), text): costs.edges[name][texts[name].index(text)]
            for name, text in part
        }
        totals.append(sum(costs.nodes[name] for name in nodes) + sum(edges.values()))
    return totals


def candidate_of(space: Space, edge: Edge, picks: tuple[int, ...]) -> Pipeline:
    """The entry of the edge's table, whose last axis is the fastest."""
    named = dict(zip(space.program.decisions, picks, strict=True))
    radices = {name: len(d.options) for name, d in space.program.decisions.items()}
    rows = list(product(*(range(radices[axis]) for axis in edge.axes)))
    return edge.candidates[edge.table[rows.index(tuple(named[axis] for axis in edge.axes))]]


def closure(names: Iterable[str], pairs: list[tuple[str, str]]) -> set[str]:
    names = set(names)
    while more := {b for a, b in pairs if a in names} - names:
        names |= more
    return names
