"""What rules say of each architecture, read off their words once more."""

from __future__ import annotations

import re
from itertools import product
from random import Random

import pytest

from autorecon.graph import Space
from autorecon.lang import Program, Source, SpaceError, check

SPACE = """space s
choice norm = bn | identity | relu
input z [2]: noise
node a, b [2]
output image [2]
link z -> a = linear | linear(bias=false) | none
link z -> b = linear >> norm | none
link a -> b = norm | none
link {a, b} -> image = identity | tanh | none
"""
EDGES = {
    "z -> a": ["linear", "linear(bias=false)", "none"],
    "a -> image": ["identity", "tanh", "none"],
    "b -> image": ["identity", "tanh", "none"],
    "norm": ["bn", "identity", "relu"],
}
COUNTED = ("none", "linear", "identity", "identity | tanh")


def claim(random: Random) -> str:
    if random.random() < 0.4:
        bound = random.choice(("at most", "at least", "exactly"))
        place = random.choice(("", " into image", " from z"))
        return f"{bound} {random.randint(0, 3)} {random.choice(COUNTED)}{place}"
    name = random.choice([*EDGES])
    options = random.sample(EDGES[name], random.choice((1, 1, 2)))
    return f"{name} {random.choice(('=', '!='))} {' | '.join(options)}"


def holds(words: str, options: dict[str, str], chosen: dict[str, str]) -> bool:
    """`options` are of decisions, `chosen` the candidates of edges, all as they are written."""
    counted = re.fullmatch(r"(at most|at least|exactly) (\d+) (.*?)( (?:into|from) \w+)?", words)
    if not counted:
        name, sign, rest = re.fullmatch(r"(.*?) (=|!=) (.*)", words).groups()
        told = {**chosen, **options}[name]
        return any(_is(told, option) for option in rest.split(" | ")) == (sign == "=")
    bound, number, rest, place = counted.groups()
    edges = [e for e in chosen if not place or _there(e, *place.split())]
    found = sum(any(_is(chosen[e], option) for option in rest.split(" | ")) for e in edges)
    return {"at most": found <= int(number), "at least": found >= int(number)}.get(
        bound, found == int(number)
    )


def _is(candidate: str, option: str) -> bool:
    """A bare name counts whatever has the operation."""
    bare = {part.partition("(")[0] for part in candidate.split(" >> ")}
    return option == candidate or (option.isidentifier() and option in bare)


def _there(edge: str, preposition: str, node: str) -> bool:
    return edge.split(" -> ")[preposition == "into"] == node


def obeyed(rule: str, options: dict[str, str], chosen: dict[str, str]) -> bool:
    *given, then = re.split(r" then ", rule.removeprefix("rule ").removeprefix("if "))
    conditions = given[0].split(" and ") if given else []
    met = all(holds(condition, options, chosen) for condition in conditions)
    return not met or holds(then, options, chosen)


@pytest.mark.parametrize("seed", range(40))
def test_a_rule_forbids_what_its_words_forbid(seed: int) -> None:
    random = Random(seed)
    claims = [claim(random) for _ in range(random.choice((1, 2, 2, 3)))]
    given = " and ".join(claims[1:])
    rule = f"rule if {given} then {claims[0]}" if given else f"rule {claims[0]}"
    program = _checked(SPACE + rule)
    assert program.rules[0].text == rule
    held = Space(program).restrictions
    for picks in product(*(range(len(d.options)) for d in program.decisions.values())):
        named = dict(zip(program.decisions, picks, strict=True))
        options = {d.text: d.options[named[d.name]] for d in program.decisions.values()}
        chosen = {e.text: e.candidates[program.candidate(e, named)].text for e in program.edges}
        assert held.obeyed(picks) == obeyed(rule, options, chosen), (rule, options)


def _checked(text: str) -> Program:
    try:
        return check(Source(text))
    except SpaceError as error:
        raise AssertionError(f"{text}\n{error}") from None
