"""Spaces with few architectures, each family dense in what one kind of analysis is about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import combinations, count, pairwise, product
from random import Random

from autorecon import Space, SpaceError, loads

VECTOR_CANDIDATES = (
    "linear",
    "identity",
    "none",
    "none | identity",
    "linear | none",
    "linear | linear(bias=false) | none",
    "identity | linear >> tanh",
)
LABEL_CANDIDATES = ("embed", "embed | none", "none | embed >> linear")
NODE_RULES = ("", " merge product", " then bn", " merge mean then linear(bias=false) >> relu")
TIED_CANDIDATES = (
    "norm >> linear",
    "norm >> linear | identity | none",
    "on >> linear | norm",
    "linear | on",
    "on",
)
# With a choice that is named nowhere else.
LONE_CANDIDATES = ("{}", "{} >> linear", "linear | {}", "linear >> {} | none", "{} >> norm | {}")
LONE_OPTIONS = ("relu | tanh", "none | identity", "identity | only", "only | none", "bn | norm")


def plain(random: Random) -> str:
    """One to three inputs, up to four nodes and an output, joined at random."""
    inputs = ["z", *random.choice(([], ["y"], ["w"], ["y", "w"]))]
    inner = [f"n{i}" for i in range(random.randint(1, 4))]
    lines = ["space small", "input z [3]: noise"]
    lines += ["input y: label(5)"] * ("y" in inputs) + ["input w [3]: noise"] * ("w" in inputs)
    lines += [f"node {name} [3]{random.choice(NODE_RULES)}" for name in inner]
    lines.append("output image [3]" + random.choice(("", " then bn")))
    pairs = [(a, b) for a, b in combinations([*inputs, *inner, "image"], 2) if b not in inputs]
    edges = random.sample(pairs, random.randint(0, min(9, len(pairs))))
    edges += [("z", name) for name in inner if all(t != name for _, t in edges)]
    sources = {source for source, _ in edges}
    edges += [(name, "image") for name in (*inputs, *inner) if name not in sources]
    for source, target in edges:
        candidates = LABEL_CANDIDATES if source == "y" else VECTOR_CANDIDATES
        lines.append(f"link {source} -> {target} = {random.choice(candidates)}")
    return "\n".join(lines) + "\n"


def layered(random: Random) -> str:
    """Layers of nodes that are alike, all joined to all, but for a few edges."""
    widths = [random.randint(1, 3) for _ in range(random.randint(1, 2))]
    layers = [[f"n{i}{j}" for j in range(width)] for i, width in enumerate(widths)]
    lines = ["space layered", "input z [3]: noise", "output image [3]"]
    lines += [f"node {', '.join(layer)} [3]{random.choice(NODE_RULES)}" for layer in layers]
    for sources, targets in pairwise([["z"], *layers, ["image"]]):
        usual = random.choice(("none | identity", "linear", "linear | identity | none"))
        other = random.choice(("none | identity", "linear", usual, usual))
        odd = random.randint(0, 8)
        for i, (source, target) in enumerate(product(sources, targets)):
            lines.append(f"link {source} -> {target} = {other if i == odd else usual}")
    return "\n".join(lines) + "\n"


def twins(random: Random) -> str:
    """Nodes whose edges depend on a choice each, on one for all, or on both."""
    width = random.randint(2, 3)
    lines = ["space twins", "input z [3]: noise", "output image [3]"]
    lines.append(f"node {', '.join(f'n{i}' for i in range(width))} [3]")
    usual = random.choice(("own{} >> all", "own{} >> linear | all", "all >> own{} | none"))
    own = random.choice(("bn | identity", "none | identity", "relu | bn"))
    choices = [f"choice own{i} = {own}" for i in range(width)]
    choices.insert(random.randint(0, width), "choice all = bn | identity | none")
    lines += [f"link z -> n{i} = {usual.format(i)}" for i in range(width)]
    onward = random.choice(("none | identity", "own0", "identity"))
    lines += [f"link n{i} -> image = {onward}" for i in range(width)]
    return "\n".join([*lines, *choices]) + "\n"


def tied(random: Random) -> str:
    """Plain ones with choices that one or several edges, nodes and types of edges name, and edges
    that share theirs."""
    lines = plain(random).splitlines()
    named = random.choice(("bn | identity", "bn | layer_norm", "bn | identity | none"))
    other = random.choice(("none | identity", "identity | linear | none", "relu | norm"))
    links = [i for i, line in enumerate(lines) if line.startswith("link") and " y ->" not in line]
    for i in _some(random, links, 3):
        lines[i] = _choosing(lines[i], random.choice(TIED_CANDIDATES))
    for i in _some(random, links, 2):
        lines[i] = _choosing(lines[i], random.choice(LONE_CANDIDATES).replace("{}", f"lone{i}"))
        lines.append(f"choice lone{i} = {random.choice(LONE_OPTIONS)}")
    if random.random() < 0.5:
        i = random.choice([i for i, line in enumerate(lines) if line.startswith("node")])
        lines[i] = f"{lines[i].partition(' then ')[0]} then {random.choice(('norm', 'on'))}"
    ends = [line[5:].partition(" = ")[0] for line in lines if line.startswith("link")]
    if len(ends) > 1 and random.random() < 0.5:
        both = random.sample(ends, min(len(ends), random.randint(2, 3)))
        lines.append(f"share {random.choice(('choice', 'weights'))} {', '.join(both)}")
    if random.random() < 0.5:
        i = random.choice(links)
        pair, _, found = lines[i].removeprefix("link ").partition(" = ")
        lines[i] = f"kind {pair}"
        lines.append(f"edge kind = {found}")
    lines += [f"choice norm = {named}", f"choice on = {other}", "choice only = identity"]
    return "\n".join(lines) + "\n"


def _some(random: Random, things: list[int], most: int) -> list[int]:
    return random.sample(things, random.randint(0, min(most, len(things))))


def _choosing(line: str, candidates: str) -> str:
    return f"{line.partition(' = ')[0]} = {candidates}"


def restricted(random: Random, text: str) -> str:
    """One to three rules about the edges of a text, and perhaps limits of what it costs."""
    rules = []
    for _ in range(random.randint(1, 3)):
        claim = _counted(random, text)
        if random.random() < 0.5:
            given = [_claim(random, text) for _ in range(random.choice((1, 1, 2)))]
            claim = f"if {' and '.join(given)} then {_claim(random, text)}"
        rules.append(f"rule {claim}\n")
    text += "".join(rules)
    for _ in range(random.randint(0, 2)):
        measure = random.choice(("params", "macs", "activations"))
        text += f"limit {measure} {random.choice(('<=', '>='))} {random.randint(0, 60)}\n"
    return text


def _claim(random: Random, text: str) -> str:
    """Of how many edges choose something, of what one chooses, or of a choice's option."""
    edges = re.findall(r"^link (\w+ -> \w+) = (.*)", text, re.M)
    choices = re.findall(r"^choice (\w+) = (.*)", text, re.M)
    told = [(name, options) for name, options in [*edges, *choices] if not _names(options, text)]
    used = [(name, options) for name, options in told if "->" in name or _is_used(name, text)]
    if not used or random.random() < 0.3:
        return _counted(random, text)
    name, options = random.choice(used)
    some = [option for option in options.split(" | ") if random.random() < 0.4]
    some = some or [random.choice(options.split(" | "))]
    return f"{name} {random.choice(('=', '!='))} {' | '.join(some)}"


def _names(options: str, text: str) -> list[str]:
    """The choices that options name."""
    choices = re.findall(r"^choice (\w+) = ", text, re.M)
    return [name for name in re.findall(r"\w+", options) if name in choices]


def _is_used(choice: str, text: str) -> bool:
    """Whether an edge depends on it, and by it on several options."""
    several = re.search(rf"^choice {choice} = .*\|", text, re.M)
    return bool(several and re.search(rf"^(?:link|node|edge) .*\b{choice}\b", text, re.M))


def _counted(random: Random, text: str) -> str:
    nodes = sorted({end for pair in re.findall(r"^\w+ (\w+) -> (\w+)", text, re.M) for end in pair})
    bound = random.choice(("at most", "at least", "exactly"))
    option = random.choice(("none", "none", "linear", "identity", "identity | none"))
    place = random.choice(("", f" into {random.choice(nodes)}", " from z"))
    return f"{bound} {random.randint(0, 3)} {option}{place}"


def restricted_plain(random: Random) -> str:
    return restricted(random, plain(random))


def restricted_tied(random: Random) -> str:
    return restricted(random, tied(random))


# Of each family: what writes a text, and how many architectures are still few.
FAMILIES: dict[str, tuple[Callable[[Random], str], int]] = {
    "plain": (plain, 300),
    "layered": (layered, 2_500),
    "twins": (twins, 2_500),
    "restricted": (restricted_plain, 300),
    "tied": (tied, 400),
    "restricted and tied": (restricted_tied, 400),
}


def small_spaces(family: str) -> Iterator[Space]:
    """Without end, and the same every time."""
    write, most = FAMILIES[family]
    for number in count():
        try:
            space = loads(write(Random(f"{family}:{number}")))
        except SpaceError:
            continue
        # Nothing need be tied for an edge not to have a decision of its own.
        named = any(e.axes != (e.name,) for e in space.edges if e.axes)
        if space.architectures <= most and (named or "tied" not in family):
            yield space
