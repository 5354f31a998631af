"""The text of an objective: `ce + 0.1*bns`, a signed sum of weighted terms.

sum = [sign] item { sign item };  item = [number "*"] name
"""

from __future__ import annotations

import math
import re

from autorecon.objective.errors import ObjectiveError
from autorecon.objective.registry import TERMS, Term

_NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_ITEM = re.compile(rf"\s*(?P<sign>[+-])?\s*(?:(?P<number>{_NUMBER})\s*\*\s*)?(?P<name>[^\W\d]\w*)?")


def parse_terms(text: str, *, has_student: bool = False) -> list[tuple[float, Term]]:
    """The weights and terms of `text`, in its order.

    Raises ObjectiveError, naming the column, for anything that is not such a sum, an unknown
    or repeated term, a weight that is zero or not finite, and a sum that no generator can start
    with; if there is a student from the start, terms of it are such.
    """
    found: list[tuple[float, Term]] = []
    position = 0
    while position < len(text.rstrip()) or not found:
        position, weight, term = _item(text, position, first=not found)
        if any(term is other for _, other in found):
            raise _error(text, position - len(term.name), f"the term '{term.name}' stands twice")
        found.append((weight, term))
    if not any(_trains(term, has_student) for _, term in found):
        raise _error(text, 0, "no term trains a generator by itself: add one, such as ce")
    return found


def _trains(term: Term, has_student: bool) -> bool:
    return term.trains_generators or (has_student and term.needs_student)


def _item(text: str, start: int, *, first: bool) -> tuple[int, float, Term]:
    match = _ITEM.match(text, start)
    assert match is not None  # every part is optional
    if not first and not match["sign"]:
        raise _error(text, _skip_spaces(text, start), "expected '+' or '-' here")
    if not match["name"]:
        raise _error(text, _skip_spaces(text, match.end()), "expected a term, such as 0.1*bns")
    weight = _weight(text, match)
    return match.end(), weight, _known(text, match["name"], match.start("name"))


def _weight(text: str, match: re.Match[str]) -> float:
    weight = float(match["number"] or 1)
    if weight == 0 or not math.isfinite(weight):
        raise _error(text, match.start("number"), "a weight is a finite number other than 0")
    return -weight if match["sign"] == "-" else weight


def _known(text: str, name: str, position: int) -> Term:
    if name in TERMS:
        return TERMS[name]
    from autorecon.lang import did_you_mean

    raise _error(text, position, f"unknown term '{name}': {did_you_mean(name, TERMS, most=40)}")


def _skip_spaces(text: str, position: int) -> int:
    return len(text) - len(text[position:].lstrip())


def _error(text: str, position: int, fault: str) -> ObjectiveError:
    return ObjectiveError(f"objective '{text}', column {position + 1}: {fault}")
