"""What operations are called in module paths: no two different ones alike.

Most are called by their name and arguments run together, `conv3_d2`. One that could then be taken
for another is called by its text, `two(1,12)`, or `conv3()`: no run of names has brackets.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from autorecon.lang.opspec import CATALOGUE, LabelInput, OpSpec, Param, Value

Shown = Sequence[tuple[Param, Value]]

_SHORT = {"dilation": "d", "stride": "s", "groups": "g"}
# Of numbers: a path is split at dots, and a pipeline's key has a dash between its operations.
_PLAIN = str.maketrans({".": "p", "-": "m", " ": None})


def key(spec: OpSpec, shown: Shown, text: str) -> str:
    """The name of an operation whose text shows these arguments."""
    plain = spec.name + "".join(_part(param, value) for param, value in shown)
    if not _is_alone(spec, shown):
        plain = text if shown else f"{text}()"
    return plain.translate(_PLAIN)


def _part(param: Param, value: Value) -> str:
    if isinstance(value, LabelInput):
        return f"_{value}"
    if param.required:
        return f"{value}"
    if isinstance(value, bool):
        return f"_{param.name}" if value else f"_no{param.name}"
    return f"_{_SHORT.get(param.name, param.name)}{value}"


def _is_alone(spec: OpSpec, shown: Shown) -> bool:
    """Whether no other operation can have this name and these arguments run together."""
    if spec.plan is None:
        labels = [value.name for _, value in shown if isinstance(value, LabelInput)]
        return not any(f"_{p.name}" in label for label in labels for p in spec.params)
    if not shown or _is_of_the_catalogue(spec.name):
        return not _is_of_the_catalogue(spec.name)
    # The first digit ends the name, which may have underscores as well.
    (first, value), *others = shown
    return first.required and _is_number(value) and all(_is_apart(*other) for other in others)


@cache
def _is_of_the_catalogue(name: str) -> bool:
    """Whether the name of a user's own operation may be what one of the catalogue is called with
    arguments, up to a number."""
    if any(character.isdigit() for character in name):
        return True
    within = ((name.removeprefix(f"{spec.name}_"), spec) for spec in CATALOGUE.values())
    return any(rest != name and _is_run(rest, spec) for rest, spec in within)


def _is_run(rest: str, spec: OpSpec) -> bool:
    required = [param.type for param in spec.params if param.required]
    if LabelInput in required:
        return True
    optional = [param for param in spec.params if not param.required]
    parts = {_SHORT.get(p.name, p.name) for p in optional} | {f"no{p.name}" for p in optional}
    # One that has to have a number has it before all others.
    return not required and set(rest.split("_")) <= parts


def _is_apart(param: Param, value: Value) -> bool:
    """Whether a further argument can be told from all others that there may be."""
    begins_another = param.name.startswith("no") or param.name in _SHORT.values()
    known = isinstance(value, bool) or _is_number(value)
    return not param.required and known and param.name.isalpha() and not begins_another


def _is_number(value: Value) -> bool:
    """Whether it is written with a digit first."""
    return not isinstance(value, LabelInput) and repr(value)[0].isdigit()
