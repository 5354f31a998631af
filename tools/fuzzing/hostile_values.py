"""What somebody who means harm writes into a file: values of other types and sizes, names of other
places, texts that a terminal or a page would obey."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any

EVIL = "campaign_evil"
"""A module of which nobody said that it is to be trusted."""
SECRET = "secret.txt"
"""A file beside the folder, which is none of its own."""
_DEEP, _LONG = 100_000, 1_000_000
_MARKER = "__deep__"

VALUES: tuple[Any, ...] = (
    *(float("nan"), float("inf"), 1e308, -1e308, 5e-324, -1, 0, 1, 2**31, 2**63 - 1, -(2**63)),
    *(
        2**64,
        10**400,
        True,
        False,
        None,
        "",
        " ",
        "nan",
        "\0",
        "\n",
        "\x1b[31m",
        "\ud800",
        "\u202e",
    ),
    *(f"../{SECRET}", f"../../here/{SECRET}", "/dev/zero", "/dev/stdin", "/etc/passwd", "~", "."),
    *("..", "CON", "a" * 5000, "<script>alert(1)</script>", '=HYPERLINK("http://x")', "{{ 7*7 }}"),
    *(f"{EVIL}:teacher", EVIL, [EVIL], "os:abort", "autorecon:", "torchvision:", "timm:nothing"),
    *([], {}, [[]], [None], {"": None}, ["a"] * 1000, [[[[]]]], {"a": {"a": {"a": []}}}),
)


def mutated(value: Any, random: Random) -> tuple[Any, str]:
    """A copy with one value or key changed, and what."""
    value = json.loads(json.dumps(value))
    places = list(_places(value, ()))
    if not places:
        return random.choice(VALUES), "all of it"
    where = random.choice(places)
    *above, last = where
    holder = value
    for key in above:
        holder = holder[key]
    how = random.choice(("value", "value", "value", "deep", "gone", "key", "long", "number"))
    if how == "gone":
        del holder[last]
    elif how == "key" and isinstance(holder, dict):
        holder[random.choice(("", "__class__", "../x", "\x1b[2J", "a" * 999))] = holder.pop(last)
    elif how == "deep":
        holder[last] = _MARKER
    elif how == "long":
        holder[last] = random.choice(("a" * _LONG, [0] * _LONG))
    elif how == "number" and type(holder[last]) in (int, float):
        holder[last] *= random.choice((-1, 0, 2, 1000, 1e9, 0.5))
    else:
        holder[last] = random.choice(VALUES)
    return value, f"{how} at {'.'.join(map(str, where))}: {_shown(holder, last)!r:.60}"


def _shown(holder: Any, last: Any) -> Any:
    try:
        return holder[last]
    except LookupError:
        return None


def deepened(text: str) -> str:
    """JSON or TOML of what was changed, nested where that is said."""
    return text.replace(f'"{_MARKER}"', "[" * _DEEP + "]" * _DEEP)


def _places(value: Any, above: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in pairs:
        yield (*above, key)
        if isinstance(part, (dict, list)):
            yield from _places(part, (*above, key))
