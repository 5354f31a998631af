"""Names of nodes and edges as identifiers of Python."""

from __future__ import annotations

import itertools
import keyword
import re


class Identifiers:
    """Different names get different identifiers, the same name always the same."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)
        self._given: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._given:
            self._given[name] = self._free(identifier(name))
        return self._given[name]

    def _free(self, stem: str) -> str:
        further = (f"{stem}_{count}" for count in itertools.count(2))
        found = next(n for n in itertools.chain([stem], further) if n not in self._taken)
        self._taken.add(found)
        return found


def identifier(name: str) -> str:
    """`B1.n2` as `B1_n2`, the edge `B1.n2->n4` as `B1_n2_to_n4`; `__[0]` as `_0`."""
    text = re.sub(r"\W+", "_", name.replace("->", "_to_")).strip("_")
    text = f"_{text}" if text[:1].isdigit() else text
    return f"{text}_" if keyword.iskeyword(text) or not text.isidentifier() else text


def class_name(name: str) -> str:
    """`gdfq_cifar` as `GdfqCifar`."""
    text = "".join(part[:1].upper() + part[1:] for part in identifier(name).split("_"))
    text = text if text.isidentifier() else f"Net{text}"
    return f"{text}Net" if keyword.iskeyword(text) else text
