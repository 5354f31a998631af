"""The smallest program found that fails in the same way: what can be left out is."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

from autorecon import loads
from autorecon.lang import Program, show_shape
from fuzzing.campaign import Failure

MINIMISING = 30.0  # seconds

Again = Callable[[str], Failure | None]  # what a text breaks, if anything

# What a statement can do without, each match by itself, and what stands for it then.
CUTS = (
    (r" then [^\n]*", ""),
    (r" merge \w+", ""),
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


def minimised(found: Failure, again: Again, seconds: float = MINIMISING) -> Failure:
    """The same kind of failure with less text, for as long as something can be left out."""
    ends = time.monotonic() + seconds
    before = None
    while before != found.text:
        before = found.text
        for way in (_flat, _without_lines, _without_names, _merged, _cut, _without_values):
            found = _best(found, way, again, ends)
    return found


def _best(found: Failure, way: Callable[[str], Iterator[str]], again: Again, ends: float) -> Failure:
    """Takes each smaller text that fails alike, and goes on with the ways to make that smaller."""
    tried = {found.text}
    progress = True
    while progress:
        progress = False
        for text in way(found.text):
            if time.monotonic() > ends:
                return found
            if text in tried:
                continue
            tried.add(text)
            other = again(text)
            if other and other.kind == found.kind:
                found, progress = other, True
                break
    return found


def _without_lines(text: str) -> Iterator[str]:
    """Runs of lines, long ones first."""
    lines = text.splitlines()
    size = max(1, len(lines) // 2)
    while size:
        for place in range(len(lines) - size, 0, -max(1, size // 2)):
            yield "\n".join([*lines[:place], *lines[place + size :]]) + "\n"
        size //= 2


def _names(text: str) -> list[str]:
    return re.findall(r"^(?:node|input|in|out|choice|op|edge|block) ([\w\[\]]+)", text, re.M)


def _without_names(text: str) -> Iterator[str]:
    """Without all that names something."""
    for name in _names(text):
        own = re.escape(name)
        bare = re.sub(rf"(?<=[{{,]) *{own},|, *{own}(?=[,}}])", "", text)
        kept = [line for line in bare.splitlines() if not re.search(rf"(?<!\w){own}(?!\w)", line)]
        yield "\n".join(kept) + "\n"


def _merged(text: str) -> Iterator[str]:
    """A node and the one that it leads to as one."""
    for source, target in re.findall(r"^\w+ ([\w.\[\]]+) -> ([\w.\[\]]+)", text, re.M):
        for gone, left in ((source, target), (target, source)):
            lines = text.splitlines()
            rest = [
                re.sub(rf"(?<![\w.]){re.escape(gone)}(?![\w\[])", left, line)
                for line in lines
                if not re.match(rf"\w+ {re.escape(gone)} \[", line)
                and not re.match(rf"\w+ {re.escape(source)} -> {re.escape(target)}\b", line)
            ]
            if len(rest) < len(lines):
                yield "\n".join(rest) + "\n"


def _cut(text: str) -> Iterator[str]:
    for pattern, instead in CUTS:
        for match in re.finditer(pattern, text, re.M):
            cut = text[: match.start()] + match.expand(instead) + text[match.end() :]
            if cut != text:
                yield cut


def _without_values(text: str) -> Iterator[str]:
    """Numbers in place of what stands for them."""
    for name, value in re.findall(r"(\w+) = (\d+)", text):
        yield re.sub(rf"\b{name}\b(?! =)", value, text)
    for match in re.finditer(r"\(?\b(\d+) ?([-+*/^]) ?(\d+)\b\)?", text):
        ways = {"+": int.__add__, "-": int.__sub__, "*": int.__mul__, "/": int.__floordiv__}
        if match[2] in ways and match[3] != "0":
            value = ways[match[2]](int(match[1]), int(match[3]))
            yield text[: match.start()] + str(value) + text[match.end() :]


def _flat(text: str) -> Iterator[str]:
    """Without blocks, loops, types and values: each node and edge by itself."""
    if not re.search(r"\b(?:block|for|if|let|edge|op)\b|\{", text):
        return
    try:
        program = loads(text).program
    except Exception:  # it is the failure that is looked for, or none
        return
    if not any(e.weights_of or len(e.axes) > 1 for e in program.edges):
        yield _flattened(program)


def _flattened(program: Program) -> str:
    lines = [f"space {program.name}"]
    for node in program.nodes.values():
        words = {"noise": "input", "label": "input", "output": "output"}
        line = f"{words.get(node.role, 'node')} {_plain(node.name)}"
        if node.role == "label":
            lines.append(f"{line}: {show_shape(node.shape)}")
            continue
        line += f" [{', '.join(map(str, node.shape))}]" + ": noise" * (node.role == "noise")
        line += f" merge {node.merge}" * (node.merge != "sum")
        lines.append(line + (f" then {node.then.text}" if node.then else ""))
    for edge in program.edges:
        candidates = " | ".join(c.text for c in edge.candidates)
        lines.append(f"link {_plain(edge.source)} -> {_plain(edge.target)} = {candidates}")
    return "\n".join([*lines, *(_plain(r.text) for r in (*program.rules, *program.limits))]) + "\n"


def _plain(name: str) -> str:
    return re.sub(r"(?<=\w)\.(?=[A-Za-z_])|\[(\d+)\](?=\.|\b|$)", r"_\1", name).replace("]", "")
