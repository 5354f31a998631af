"""An architecture <-> its choices <-> one whole number <-> a short id.

A space's DECISIONS are what is chosen, and an architecture's PICKS are one option each: a tuple of
indices. Its number is the picks' mixed-radix value, the last decision's digit the fastest, so that
numbers run from 0 to |S| - 1. An id is that number in base 32 with the space's fingerprint before
it and a check character after it: `K2M9Q-0F3Z...`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from autorecon.graph.architectures.architectures import Architectures, once
from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.lang import Decision

# Crockford's base 32: no I, L, O or U, which readers mistake for others.
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIASES = str.maketrans("OIL", "011", "-")
FINGERPRINT = 5  # characters: two different spaces agree once in 32**5


def places(space: Architectures) -> dict[str, int]:
    """The place in the picks of each decision, by name."""
    return {name: place for place, name in enumerate(space.program.decisions)}


def options(space: Architectures, picks: Picks) -> dict[str, str]:
    """The texts of what is picked, by decision."""
    return {d.name: d.options[p] for d, p in zip(space.decisions, picks, strict=True)}


def picks_of(space: Architectures, genotype: Architectures) -> Picks:
    """What a genotype chose; ArchitectureError where it is not of this space."""
    names = {edge.name for edge in genotype.edges}
    if names != {edge.name for edge in space.edges} or not genotype.is_genotype:
        raise ArchitectureError(
            f"{genotype.name} is no genotype of {space.name}: derive it from that space"
        )
    return picks_by_name(space, genotype.program.chosen)


def picks_by_name(space: Architectures, chosen: Mapping[str, str]) -> Picks:
    """The picks of options by decision; ArchitectureError where one is missing or unknown."""
    return tuple(_pick(decision, chosen.get(decision.name)) for decision in space.decisions)


def _pick(decision: Decision, chosen: str | None) -> int:
    if chosen not in decision.options:
        listed = ", ".join(f"`{option}`" for option in decision.options)
        what = f"`{chosen}` is no candidate of" if chosen else "nothing is chosen for"
        raise ArchitectureError(f"{what} {decision.text}: {listed}")
    return decision.options.index(chosen)


@once
def fingerprint(space: Architectures) -> str:
    """Tells spaces apart whose numbers mean different architectures. The name does not matter."""
    parts = [
        (n.name, type(n.shape).__name__, *n.shape, n.role, n.merge.text, n.then and n.then.text)
        for n in space.nodes.values()
    ]
    edges = [(e.source, e.target, *(c.text for c in e.candidates)) for e in space.edges]
    sizes = [(n.name, n.sizes.decision, n.sizes.told) for n in space.nodes.values() if n.sizes]
    digest = hashlib.sha256(repr((parts, edges, *ties(space), *sizes)).encode()).digest()
    return _digits(int.from_bytes(digest[:8]) % 32**FINGERPRINT, FINGERPRINT)


def ties(space: Architectures) -> list[tuple]:
    """What edges that do not choose by themselves depend on, and how; empty in most spaces."""
    return [(e.name, e.axes, e.table) for e in space.choices if e.axes != (e.name,)]


def to_id(space: Architectures, number: int) -> str:
    """A short name for an architecture, the same in every run."""
    width = len(_digits(space.architectures - 1, 1))
    body = fingerprint(space) + _digits(number, width)
    return f"{fingerprint(space)}-{body[FINGERPRINT:]}{_check_character(body)}"


def from_id(space: Architectures, text: str) -> int:
    """The number that an id stands for; ArchitectureError for a typo or another space's id.

    Upper and lower case, and O for 0, I and L for 1, are the same.
    """
    written = text.strip().upper().translate(_ALIASES)
    if len(written) < FINGERPRINT + 2 or not set(written) <= set(DIGITS):
        raise ArchitectureError(f"{text!r} is no architecture's id: they look like K2M9Q-0F3Z...")
    if _check_character(written[:-1]) != written[-1]:
        raise ArchitectureError(f"{text!r} has a typing error: its check character does not fit")
    if written[:FINGERPRINT] != fingerprint(space):
        raise ArchitectureError(
            f"{text!r} is of another space: the ids of {space.name}, set as it is, begin with "
            f"{fingerprint(space)}"
        )
    number = 0
    for character in written[FINGERPRINT:-1]:
        number = number * 32 + DIGITS.index(character)
    return number


def _digits(number: int, width: int) -> str:
    shown = ""
    while number or len(shown) < width:
        number, digit = divmod(number, 32)
        shown = DIGITS[digit] + shown
    return shown


def _check_character(body: Sequence[str]) -> str:
    """A polynomial over GF(32) at its generator: it sees every single wrong character, and every
    exchange of two within 31 places."""
    value = 0
    for character in body:
        value = value << 1 ^ (0b100101 if value & 16 else 0)
        value ^= DIGITS.index(character)
    value = value << 1 ^ (0b100101 if value & 16 else 0)
    return DIGITS[value]
