"""Good programs: what the checker makes of each is written beside it, in `#=` comments."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import prod
from pathlib import Path

import pytest

from autorecon.lang import Program, load_program, resource_folder, show_shape

FOLDER = Path(__file__).parent / "good"
FILES = sorted([*FOLDER.glob("*.space"), *FOLDER.glob("genotypes/*.space")])
SHIPPED = sorted(resource_folder("spaces").glob("**/*.space"))


def _then(program: Program, node: str) -> str:
    then = program.nodes[node].then
    return then.text if then else ""


def _edge(program: Program, name: str) -> str:
    candidates = {e.name: e.candidates for e in program.edges}[name]
    return " | ".join(candidate.text for candidate in candidates)


def _axes(program: Program, name: str) -> str:
    return ", ".join({e.name: e.axes for e in program.edges}[name])


def _options(program: Program, name: str) -> str:
    return " | ".join(program.decisions[name].options)


def _weights(program: Program, name: str) -> str:
    return next(e.weights_of for e in program.edges if e.name == name) or ""


def _alias(program: Program, port: str) -> str:
    return next(node.name for node in program.nodes.values() if port in node.aliases)


FACTS: dict[str, Callable[[Program, str], str]] = {
    "node": lambda program, name: show_shape(program.nodes[name].shape),
    "then": _then,
    "merge": lambda program, name: program.nodes[name].merge.text,
    "edge": _edge,
    "alias": _alias,
    "rule": lambda program, place: program.rules[int(place)].text.removeprefix("rule "),
    "limit": lambda program, place: program.limits[int(place)].text.removeprefix("limit "),
    "axes": _axes,
    "options": _options,
    "weights": _weights,
}
COUNTS: dict[str, Callable[[Program], int]] = {
    "nodes": lambda program: len(program.nodes),
    "edges": lambda program: len(program.edges),
    "architectures": lambda program: prod(len(d.options) for d in program.decisions.values()),
    "decisions": lambda program: len(program.decisions),
}


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(FOLDER).as_posix())
def test_the_program_is_what_its_comments_say(path: Path) -> None:
    program = load_program(path)
    lines = [line[2:].strip() for line in path.read_text().split("\n") if line.startswith("#=")]
    assert lines, "a good program says what it is"
    for line in lines:
        if ": " in line:
            kind, name = line.partition(": ")[0].split()
            assert FACTS[kind](program, name) == line.partition(": ")[2]
            continue
        for kind, number in re.findall(r"(\w+) (\d+)", line):
            assert COUNTS[kind](program) == int(number), kind


@pytest.mark.parametrize("path", SHIPPED, ids=lambda p: p.stem)
def test_every_shipped_space_is_good(path: Path) -> None:
    assert load_program(path).output.role == "output"


def test_what_is_set_from_outside_replaces_the_default() -> None:
    path = resource_folder("spaces") / "paper.space"
    program = load_program(path, {"width": 128, "size": 64})
    assert program.parameters["width"] == 128
    assert program.nodes["B1.n1"].shape == (128, 8, 8)


def test_a_default_that_is_replaced_need_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "odd.space"
    path.write_text(
        "space odd(size = 9, side = size / 2)\ninput z [side]: noise\n"
        "output image [size]\nlink z -> image = linear\n"
    )
    assert load_program(path, {"side": 4}).nodes["z"].shape == (4,)


def test_line_ends_and_marks_of_other_systems(tmp_path: Path) -> None:
    text = (FOLDER / "layout.space").read_text()
    path = tmp_path / "other.space"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert load_program(path) == load_program(FOLDER / "layout.space")
