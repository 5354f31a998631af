"""What stands below a program's edges: what they share, rules and limits; and its layout."""

from __future__ import annotations

import re
from itertools import combinations

from autorecon import loads
from autorecon.lang.program.measures import MEASURES
from fuzzing.draft import Draft

# What may stand at some places instead.
LAYOUT = (
    (r" (?=\| )", (" ", " ", "\n  ")),
    (r"(?<!\{)$", ("", "", "", "", "", "  # why")),
    (r"\n(?=node|output)", ("\n", "\n", "\n\n# A node.\n")),
)


def shares(draft: Draft) -> list[str]:
    """Edges that have one decision, or even one set of weights."""
    if not draft.chance(0.15):
        return []
    alike = [
        (f"{a} -> {b}, {c} -> {d}", first == other and _same_ends(draft, (a, b), (c, d)))
        for ((a, b), first), ((c, d), other) in combinations(draft.pairs.items(), 2)
        if len(first) == len(other) > 1 and not _index(a + b + c + d)
    ]
    if not alike:
        return []
    ends, same = draft.random.choice(sorted(alike, key=lambda pair: pair[1])[-3:])
    return [f"share {'weights' if same and draft.chance(0.6) else 'choice'} {ends}"]


def _index(names: str) -> bool:
    return re.search(r"\[\w*[a-z]", names) is not None


def _same_ends(draft: Draft, one: tuple[str, str], other: tuple[str, str]) -> bool:
    shapes = {s.name: (s.shape, s.label, s.merge == "concat") for s in draft.spots}
    reading = {s.name for s in draft.spots if s.closed and s.merge != "concat"}
    return reading.isdisjoint((one[1], other[1])) and all(
        shapes.get(a) == shapes.get(b) for a, b in zip(one, other, strict=True)
    )


def rules(draft: Draft) -> list[str]:
    count = draft.random.choice((0,) * 10 + (1, 1, 2))
    return [rule for _ in range(count) if (rule := _rule(draft))]


def _rule(draft: Draft) -> str | None:
    """Mostly of an edge's candidates, so that something keeps to it."""
    several = [(ends, c) for ends, c in draft.pairs.items() if len(c) > 1]
    if not several or draft.chance(0.2):
        option = draft.random.choice(("none", "relu", "conv(3)", "conv(1) | conv(3)", "identity"))
        return f"rule at most {draft.random.choice(('five', '7', '(3 + 3)'))} {option}"
    (source, target), candidates = draft.random.choice(several)
    option = draft.random.choice(candidates)
    if re.search(r"choice|\bc_", option):
        return None
    if draft.chance(0.3):
        sign = draft.random.choice(("=", "!="))
        counted = draft.random.choice(("at most one", "at least one", "at most two"))
        return f"rule if {source} -> {target} {sign} {option} then {counted} {option}"
    bound = draft.random.choice(("at most one", "at least one", "exactly one", "at most two"))
    place = draft.random.choice(("", "", f" into {target}", f" from {source}"))
    return f"rule {bound} {option}{place}"


def limits(draft: Draft, text: str) -> list[str]:
    """One between the least and the greatest of all costs, and rarely two."""
    if not draft.chance(0.08):
        return []
    try:
        cost = loads(text).cost
    except Exception:  # what is wrong with it is seen when it is looked at
        return []
    lines = []
    for _ in range(draft.random.choice((1, 1, 2))):
        measure = draft.random.choice(MEASURES)
        found = getattr(cost, measure.name)
        sign = draft.random.choice(("<=", "<=", ">="))
        lines.append(f"limit {measure.word} {sign} {draft.random.randint(found.min, found.max)}")
    return lines


def dressed(draft: Draft, text: str) -> str:
    """With comments, and lines that go on, as people write them."""
    if not draft.chance(0.15):
        return text
    for pattern, ways in LAYOUT:
        text = re.sub(pattern, lambda _, ways=ways: draft.random.choice(ways), text, flags=re.M)
    return text
