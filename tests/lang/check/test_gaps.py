"""Parts of concatenations: refused exactly where an architecture within the rules lacks one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from autorecon.lang import Pipeline, Program, Source, SpaceError, check
from autorecon.lang.check import tally
from autorecon.lang.program.flow import reach
from autorecon.lang.program.rules import Rule

HEAD = "space s\ninput z [2]: noise\nnode a, b, c [2]\noutput image [2]\n"
CANDIDATES = ("relu", "relu | none", "none | relu", "identity | relu | none", "act | tanh")
BOUNDS = ("at most 0", "at most 1", "at most 1", "at least 1", "at least 2", "exactly 1")
OPTIONS = ("none", "none", "none", "relu", "relu | sigmoid")
PLACES = ("", " into a", " into b", " into c", " into both", " from z", " from a", " from c")


def programs(seed: int) -> tuple[str, str]:
    """The same space with a concatenation and with a sum in its place."""
    random = Random(seed)
    ends = ["z -> a", "z -> b", "a -> b", "z -> c", "a -> c", "b -> c"]
    chosen = {e: random.choice(CANDIDATES) for e in ends if e[0] != "a" or random.random() < 0.7}
    shared = random.sample([*chosen], 2) if random.random() < 0.4 else []
    chosen.update(zip(shared, random.sample(["relu | none", "none | tanh"], 2), strict=False))
    lines = ["choice act = sigmoid | none"] * any("act" in c for c in chosen.values())
    lines += [f"link {end} = {candidates}" for end, candidates in chosen.items()]
    lines += [f"share choice {', '.join(shared)}"] * bool(shared)
    parts = random.sample(["a", "b", "c"], random.choice([1, 2, 3]))
    lines += [f"link {part} -> both = {random.choice(CANDIDATES[:2])}" for part in parts]
    lines += ["link both -> image = linear"]
    lines += [f"link {name} -> image = tanh" for name in "abc" if name not in parts]
    for _ in range(random.choice([0, 1, 2, 3])):
        claims = [claim(random, chosen) for _ in range(random.choice((1, 2, 2, 3)))]
        given = " and ".join(claims[1:])
        lines.append(f"rule if {given} then {claims[0]}" if given else f"rule {claims[0]}")
    body = "\n".join(lines) + "\n"
    return (
        f"{HEAD}node both [{2 * len(parts)}] merge concat\n{body}",
        f"{HEAD}node both [2]\n{body}",
    )


def claim(random: Random, chosen: dict[str, str]) -> str:
    """How many edges choose something, what one of them chooses, or which option a choice takes."""
    kinds = [ends for ends, candidates in chosen.items() if "act" not in candidates]
    act = random.random() < 0.3 and any("act" in candidates for candidates in chosen.values())
    if act or (kinds and random.random() < 0.4):
        name = "act" if act else random.choice(kinds)
        options = "sigmoid | none" if act else chosen[name]
        return f"{name} {random.choice(('=', '!='))} {random.choice(options.split(' | '))}"
    words = (random.choice(part) for part in (BOUNDS, OPTIONS, PLACES))
    return "{} {}{}".format(*words)


def lacking(program: Program) -> Iterator[tuple[dict[str, int], set[str]]]:
    """Of all architectures that keep to the rules, one by one: its options, the missing parts."""
    names = [*program.decisions]
    for indices in product(*(range(len(d.options)) for d in program.decisions.values())):
        picks = dict(zip(names, indices, strict=True))
        chosen = {e.name: e.candidates[program.candidate(e, picks)] for e in program.edges}
        if all(keeps(rule, picks, chosen) for rule in program.rules):
            brought = [e for e in program.edges if not chosen[e.name].is_none]
            given = reach({"z"}, ((e.source, e.target) for e in brought))
            whole = {e.text for e in brought if e.source in given}
            yield picks, {e.text for e in program.edges if e.target == "both"} - whole


def keeps(rule: Rule, picks: dict[str, int], chosen: dict[str, Pipeline]) -> bool:
    for count in rule.counts:
        counted = sum(count.matches(chosen[name]) for name in count.edges)
        if count.choice:
            counted = picks[count.choice] in count.places
        if count.least <= counted <= count.most:
            return True
    return False


def refused(text: str) -> dict[str, str]:
    """Parts that the checker calls missing, with what it says of when."""
    try:
        check(Source(text))
    except SpaceError as error:
        found = [d for d in error.diagnostics if d.code == "E0405"]
        return {d.message.partition(" leads")[0]: d.notes[0][0] if d.notes else "" for d in found}
    return {}


@pytest.mark.parametrize("seed", range(150))
def test_a_part_is_refused_where_an_architecture_lacks_it(seed: int) -> None:
    concat, plain = programs(seed)
    program = check(Source(plain))
    found = [*lacking(program)]
    notes = refused(concat)
    assert set(notes) == {part for _, parts in found for part in parts}
    for part, note in notes.items():
        told = dict(re.findall(r"`(.+?) = (.+?)`", note))
        options = [(d, told[d.text]) for d in program.decisions.values() if d.text in told]
        assert any(
            part in parts and all(d.options[picks[d.name]] == option for d, option in options)
            for picks, parts in found
        ), "what is told is part of an architecture within the rules"


CELLS = """space s
edge mix keeps = relu | tanh | none
block cell {
  in p [2]
  node a, b, c [2]
  out o [6] merge concat
  mix p -> {a, b, c}
  mix a -> {b, c}
  mix b -> c
  rule at most 0 none into a
  rule at most 1 none into b
  rule at most 2 none into c
  link {a, b, c} -> o = identity
}
input z [6]: noise
output image [2]
A = cell
link z -> A.p = linear
link A.o -> image = linear
"""


def test_cells_whose_nodes_keep_inputs_are_proved() -> None:
    assert not refused(CELLS)
    more = CELLS.replace("2 none into c", "3 none into c")
    expected = "it is with `A.p -> A.c = none`, `A.a -> A.c = none`, `A.b -> A.c = none`"
    assert refused(more) == {"A.c -> A.o": expected}


def test_what_takes_too_long_to_prove_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tally, "MAX_WORK", 1)
    assert {note.partition(" to prove")[0] for note in refused(CELLS).values()} == {
        "rules and ties are too entangled"
    }
