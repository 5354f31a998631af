"""The smallest program found that fails in the same way: what can be left out is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, count

import attrs

from autorecon import loads
from autorecon.lang import Node, Program, show_shape
from fuzzing.campaign import Failure

MINIMISING = 30.0  # seconds of the processor

Again = Callable[[str], Failure | None]  # what a text breaks, if anything

# What a statement can do without, each match by itself, and what stands for it then.
CUTS = (
    (r" *#[^\n]*", ""),
    (r"\n +(?=\|)", " "),
    (r" then [^\n]*", ""),
    (r" merge \w+(\([^)]*\))?", ""),
    (r" \|(?:[^|\n{}]|\{[^}\n]*\})*", ""),
    (r"(?<== )(?:[^|\n{}]|\{[^}\n]*\})* \| ", ""),
    (r" >> [\w.]+(?:\([^)\n]*\))?", ""),
    (r"[\w.]+(?:\([^)\n]*\))? >> ", ""),
    (r"optional ", ""),
    (r" (?:keeps|enlarges|bridges)(?= =)", ""),
    (r" after [\w\[\]]+", ""),
    (r" in \d+\.\.\d+", ""),
    (r", \w+=[\w.]+", ""),
    (r"\w+=[\w.]+, ", ""),
    (r"\(\w+=[\w.]+\)", ""),
    (r"\{([\w.\[\]]+)\}", r"\1"),
    (r"(?<=\{)[\w.\[\]]+, ", ""),
    (r", [\w.\[\]]+(?=[,}])", ""),
    (r"\b(?:into|from|in) [\w.\[\]]+$", ""),
    (r"(?<== )[^|\n]+$", "conv(1)"),
    (r"(?<== )[^|\n]+$", "linear"),
    (r"(?<== )[^|\n]+$", "identity"),
    (r"\b\d+\b", "1"),
    (r"\b\d+\b", "2"),
    (r"\b(?:[4-9]|\d\d+)\b", "4"),
)


@attrs.define
class Trial:
    """A failure, and what smaller texts fail in the same way."""

    found: Failure
    again: Again
    ends: float
    tried: set[str] = attrs.field(factory=set)

    def fails(self, text: str) -> bool:
        if text in self.tried or time.process_time() > self.ends:
            return False
        self.tried.add(text)
        other = self.again(text)
        if other is None or other.kind != self.found.kind:
            return False
        self.found = other
        return True


Way = Callable[[Trial], None]  # leaves out what it can


def minimised(found: Failure, again: Again, ways: Sequence[Way] | None = None) -> Failure:
    """The same kind of failure with less text, for as long as something can be left out."""
    trial = Trial(found, again, time.process_time() + MINIMISING)
    before = None
    while before != trial.found.text:
        before = trial.found.text
        for way in WAYS if ways is None else ways:
            way(trial)
    return trial.found


def without_pieces(cut: Callable[[str], list[str]]) -> Way:
    """Without runs of what a text is cut into, long ones first."""

    def way(trial: Trial) -> None:
        size = max(1, len(cut(trial.found.text)) // 2)
        while size:
            place, pieces = 0, cut(trial.found.text)
            while place < len(pieces):
                fewer = [*pieces[:place], *pieces[place + size :]]
                if trial.fails("".join(fewer)):
                    pieces = fewer
                else:
                    place += size
            size //= 2

    return way


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _flat(trial: Trial) -> None:
    """Without blocks, loops, types and values: each node and edge by itself, with a plain name."""
    try:
        program = loads(trial.found.text).program
    except Exception:  # it is the failure that is looked for, or none
        return
    if not any(e.weights_of or len(e.axes) > 1 for e in program.edges):
        trial.fails(_flattened(program))


def _unwrapped(trial: Trial) -> None:
    """Bodies without their braces."""
    for place in reversed(range(len(lines(trial.found.text)))):
        text = lines(trial.found.text)
        if place < len(text) and re.match(r"(?:if|for) .*\{$", text[place]):
            depths = accumulate(line.count("{") - line.count("}") for line in text[place:])
            ends = next((place + n for n, depth in enumerate(depths) if depth == 0), place)
            trial.fails("".join([*text[:place], *text[place + 1 : ends], *text[ends + 1 :]]))


def _without_names(trial: Trial) -> None:
    """Without all that names something."""
    for name in re.findall(DECLARED, trial.found.text, re.M):
        own = re.escape(name)
        text = re.sub(rf"(?<=[{{,]) *{own},|, *{own}(?=[,}}])", "", trial.found.text)
        left = [s for s in text.splitlines() if not re.search(rf"(?<![\w.]){own}(?!\w)", s)]
        trial.fails("\n".join(left) + "\n")


def _unlabelled(trial: Trial) -> None:
    """Without a label that only norms read, which then do nothing."""
    for line, name in re.findall(r"^(input (\w+): label.*\n)", trial.found.text, re.M):
        left = trial.found.text.replace(line, "")
        trial.fails(re.sub(rf"ccbn\({name}\b[^)\n]*\)", "identity", left))


def _merged(trial: Trial) -> None:
    """A node and one that it leads to as one."""
    for source, target in re.findall(r"^\w+ ([\w.\[\]]+) -> ([\w.\[\]]+)", trial.found.text, re.M):
        for gone, left in ((source, target), (target, source)):
            own = rf"(?<![\w.]){re.escape(gone)}(?![\w\[])"
            rest = [
                re.sub(own, left, line)
                for line in trial.found.text.splitlines()
                if not re.match(rf"\w+ {re.escape(gone)} \[", line)
                and not line.partition(" ")[2].startswith(f"{source} -> {target} ")
            ]
            if trial.fails("\n".join(rest) + "\n"):
                break


def _cut(trial: Trial) -> None:
    """From the end on, so that what stands before is where it was."""
    for pattern, instead in CUTS:
        for match in reversed(list(re.finditer(pattern, trial.found.text, re.M))):
            text = trial.found.text
            trial.fails(text[: match.start()] + match.expand(instead) + text[match.end() :])


def _without_values(trial: Trial) -> None:
    """Numbers in place of what stands for them."""
    for name, value in re.findall(r"(\w+) = (\d+)", trial.found.text):
        trial.fails(re.sub(rf"\b{name}\b(?! =[^=])", value, trial.found.text))
    ways = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": int.__floordiv__}
    for match in reversed(list(re.finditer(SUM, trial.found.text))):
        if match[2] in ways and match[3] != "0":
            value = ways[match[2]](int(match[1]), int(match[3]))
            text = trial.found.text
            trial.fails(text[: match.start()] + str(value) + text[match.end() :])


DECLARED = r"^(?:node|input|in|out|choice|op|edge|block) ([\w\[\]]+)"
PLACE = r"((?:into|from|if|and|then|->) )([\w.\[\]]+)(?= ->| =| !=| then| and|$)"
SUM = r"\(?\b(\d+) ?([-+*/]) ?(\d+)\b\)?"
WAYS = (
    *(_flat, without_pieces(lines), _unwrapped, _without_names, _unlabelled, _merged, _cut),
    _without_values,
)


def _flattened(program: Program) -> str:
    free = (f"n{number}" for number in count())
    kept = ("label", "output")  # operations name labels
    names = {n.name: n.name if n.role in kept else next(free) for n in program.nodes.values()}
    found = [f"space {program.name}", *(_node(n, names[n.name]) for n in program.nodes.values())]
    for edge in program.edges:
        candidates = " | ".join(c.text for c in edge.candidates)
        found.append(f"link {names[edge.source]} -> {names[edge.target]} = {candidates}")
    limits = [one.text.replace(",", "") for one in program.limits]
    rules = [
        re.sub(PLACE, lambda m: f"{m[1]}{names.get(m[2], m[2])}", r.text) for r in program.rules
    ]
    return "\n".join([*found, *rules, *limits]) + "\n"


def _node(node: Node, name: str) -> str:
    if node.role == "label":
        return f"input {name}: {show_shape(node.shape)}"
    words = {"noise": "input", "param": "input", "output": "output"}
    line = f"{words.get(node.role, 'node')} {name} [{', '.join(map(str, node.shape))}]"
    line += f": {node.role}" * node.is_input + f" merge {node.merge.text}" * (
        node.merge.name != "sum"
    )
    return line + (f" then {node.then.text}" if node.then else "")
