"""What a space holds, in a few lines: kind, sizes, counts and costs."""

from __future__ import annotations

from typing import Any

from autorecon.graph.draw.labels import exact_text, interval_text
from autorecon.graph.space import Space
from autorecon.lang import show_value
from autorecon.lang.diagnostics.formats import records

_MAX_LINES = 6  # of a genotype that cuts the output off


def summary(space: Space) -> dict[str, Any]:
    """What a script may want to know of a space, as JSON values."""
    cost = space.cost
    return {
        "name": space.name,
        "kind": kind(space),
        "parameters_set": dict(space.parameters),
        "nodes": len(space.widest.nodes),
        "blocks": len({n.block for n in space.nodes.values() if n.block}),
        "edges": len(space.widest.edges),
        "edges_by_type": space.edges_by_type,
        "architectures": space.architectures,
        "rules": [rule.text for rule in space.program.rules],
        "limits": [limit.text for limit in space.program.limits],
        "parameters": {"min": cost.parameters.min, "max": cost.parameters.max},
        "macs": {"min": cost.macs.min, "max": cost.macs.max},
        "exact": cost.exact,
        "output": {"name": space.output.name, "shape": list(space.output.shape)},
        "counterexample": list(space.counterexample),
        "warnings": records(space.program.warnings),
    }


def settings(space: Space) -> str:
    """`width=64 deep=true`, as one would set them."""
    named = (f"{name}={show_value(value)}" for name, value in space.parameters.items())
    return " ".join(named) or "nothing to set"


def unproved(space: Space) -> str:
    """What of its costs is no more than a bound."""
    if space.cost.exact:
        return ""
    bounds = "bounds" if space.restrictions or space.is_tied else "the least is a bound"
    return f"  ({bounds}: too entangled to be exact)"


def kind(space: Space) -> str:
    """What one calls it: genotype, generator or search space."""
    if space.program.of:
        return "genotype"
    return "generator" if space.is_genotype else "search space"


def rows(space: Space) -> list[tuple[str, str]]:
    """The same for people: what it is called, and what it is."""
    facts = summary(space)
    types = ", ".join(f"{count} {name}" for name, count in facts["edges_by_type"].items())
    found = [
        ("set", settings(space)),
        (
            "nodes",
            f"{facts['nodes']} in {several(blocks=facts['blocks'])}"
            if facts["blocks"]
            else str(facts["nodes"]),
        ),
        ("edges", f"{facts['edges']}: {types}"),
        ("architectures", _count(space.architectures)),
        *_restrictions(space),
        ("weights", interval_text(space.cost.parameters) + unproved(space)),
        ("multiply-adds", interval_text(space.cost.macs) + " per image" + unproved(space)),
        ("output", f"{space.output.name} {'x'.join(map(str, space.output.shape))}"),
    ]
    found += zip(["may be cut by", *[""] * _MAX_LINES], _cut(facts["counterexample"]), strict=False)
    return found


def _restrictions(space: Space) -> list[tuple[str, str]]:
    """What the rules and limits leave; they are kept to where nothing is left to choose."""
    rules, limits = len(space.program.rules), len(space.program.limits)
    if space.is_genotype or not rules + limits:
        return []
    count = space.valid_architectures
    left = "too entangled to count" if count is None else _count(count)
    return [("within", f"{several(rules=rules, limits=limits)}: {left}")]


def several(**counts: int) -> str:
    """`2 rules and 1 limit`."""
    named = ((name if n > 1 else name.removesuffix("s"), n) for name, n in counts.items() if n)
    return " and ".join(f"{n} {name}" for name, n in named)


def _count(number: int) -> str:
    rounded = f"  ({number:.2e})" if 10**6 <= number < 10**300 else ""
    return exact_text(number) + rounded


def _cut(lines: list[str]) -> list[str]:
    """A genotype's lines, the first of them."""
    more = len(lines) - _MAX_LINES
    return lines if more <= 0 else [*lines[:_MAX_LINES], f"and {more:,} more such lines"]
