"""Names of nodes and edges as identifiers of Python."""

from __future__ import annotations

import itertools
import keyword
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


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


def without_attributes(net: nn.Module) -> None:
    """Call modules `code_` that are called `code`, in place: torch gives an exported program's
    modules attributes of their names, where such as `forward` stand already."""
    from torch import fx, nn

    taken = {True: set(dir(fx.GraphModule(nn.Module(), fx.Graph()))), False: set(dir(nn.Module()))}
    for path, module in list(net.named_modules()):
        names = Identifiers(taken[not path] | module._modules.keys())
        held = [
            (names[name] if name in taken[not path] else name, child)
            for name, child in module._modules.items()
        ]
        module._modules.clear()
        module._modules.update(held)
