"""The analyses of a space as tables, and as values for scripts."""

from __future__ import annotations

from typing import Any

import attrs

from autorecon.cli.tables import Table, without_empty_columns
from autorecon.graph import survey
from autorecon.graph.counting.cost import Interval
from autorecon.graph.counting.rule_counts import rule_edges
from autorecon.graph.draw.labels import exact_text, interval_text
from autorecon.graph.space import Space
from autorecon.graph.summary import kind, settings, several, summary, unproved
from autorecon.lang import Edge, Pipeline, Shape, did_you_mean, show_shape
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.program.sizes import show_sized

_COSTS = ("weights", "MACs")
_STEP = ("op", "before", "after", "parameters", "macs")
_SHOWN = {measure.name: measure.shown for measure in MEASURES}
_NAMED = 4  # edges that a row names; more are counted


class NoSuchEdge(ValueError):
    """The message names the edges that come near."""

    exit_code = 2


def tables(space: Space) -> list[Table]:
    ends = [_extreme(space, extreme) for extreme in survey.extremes(space)]
    about = [*_restrictions(space), _nodes(space), *_tied(space)]
    return [_overview(space), *about, _candidates(space), *ends]


def _restrictions(space: Space) -> list[Table]:
    rules, limits = space.program.rules, space.program.limits
    rows = [(rule.text, f"{len(rule_edges(rule, space.program)):,}") for rule in rules]
    rows += [(limit.text, "") for limit in limits]
    title = several(rules=len(rules), limits=len(limits))
    return [Table(title, ("", "edges"), rows, ("edges",))] if rows else []


def _overview(space: Space) -> Table:
    paths = space.paths
    rows = [
        ("set", settings(space)),
        *_counts(space),
        *_costs(space),
        ("paths", f"{exact_text(paths.count)}, of {paths.shortest} to {paths.longest} edges"),
    ]
    of = f" of {space.program.of}" if space.program.of else ""
    return Table(f"{space.name}: {kind(space)}{of}", ("", ""), rows)


def _counts(space: Space) -> list[tuple[str, str]]:
    if space.is_genotype:
        name = survey.architecture_id(space)
        return [("id", name)] if name else []
    counts = {"valid": space.valid_architectures, "distinct": space.distinct_architectures}
    if not space.restrictions:
        counts["up to symmetry"] = space.architectures_up_to_symmetry
    rows = [
        (name, "too entangled to count" if n is None else exact_text(n))
        for name, n in counts.items()
    ]
    return [("architectures", exact_text(space.architectures)), *rows]


def _costs(space: Space) -> list[tuple[str, str]]:
    cost, mean = space.cost, survey.mean_cost(space)
    rows = []
    for measure, name in _SHOWN.items():
        average = f", {getattr(mean, measure):,.0f} on average" if mean else ""
        rows.append((name, interval_text(getattr(cost, measure)) + average + unproved(space)))
    return rows


def _nodes(space: Space) -> Table:
    rows = [
        (
            " = ".join((row.node.name, *row.node.aliases)),
            show_sized(row.node.shape, row.node.sizes),
            row.node.role if row.node.is_input else row.node.merge.text,
            str(row.incoming),
            str(row.outgoing),
            row.node.then.text if row.node.then else "",
            *(interval_text(cost) if cost.max else "" for cost in (row.parameters, row.macs)),
        )
        for row in survey.node_rows(space)
    ]
    columns = ("node", "shape", "merge", "in", "out", "then", *_COSTS)
    table = Table(f"{len(rows)} nodes", columns, rows, ("in", "out", *_COSTS))
    return without_empty_columns(table)


def _tied(space: Space) -> list[Table]:
    rows = [
        (decision.text, " | ".join(decision.options), str(edges))
        for decision, edges in survey.tied_rows(space)
    ]
    columns = ("decision", "options", "edges")
    return [Table(f"{len(rows)} tied decisions", columns, rows, ("edges",))] if rows else []


def _candidates(space: Space) -> Table:
    rows = [
        (
            f"{row.type} {row.contract or ''}".strip(),
            row.candidate.text,
            str(row.edges),
            interval_text(row.parameters),
            interval_text(row.macs),
        )
        for row in survey.candidate_rows(space)
    ]
    types = ", ".join(f"{count} {name}" for name, count in space.edges_by_type.items())
    columns = ("type", "candidate", "edges", *_COSTS)
    return Table(f"{len(space.widest.edges)} edges: {types}", columns, rows, ("edges", *_COSTS))


def _extreme(space: Space, extreme: survey.Extreme) -> Table:
    by = " and ".join(_SHOWN[measure] for measure in extreme.by)
    found, columns = extreme.architecture, ("type", "candidate", "on")
    if found is None:
        return Table(f"{extreme.end} by {by}: too entangled to find", columns, [])
    rows = [
        (type, candidate.text, _places(n))
        for type, candidate, n in survey.chosen_rows(space, found)
    ]
    rows += [("size", _size(n), _places(nodes)) for n, nodes in survey.size_rows(space, found)]
    cost = f"{found.parameters:,} weights, {found.macs:,} MACs"
    live = f"{len(survey.live_edges(space, found))} of {len(space.widest.edges)} edges live"
    return Table(f"{extreme.end} by {by}: {cost}, {live}", columns, rows)


def _places(names: list[str]) -> str:
    what = "edges" if "->" in names[0] else "nodes"
    return ", ".join(names) if len(names) <= _NAMED else f"{len(names)} {what}"


def find_edge(space: Space, name: str) -> Edge:
    """By its name or as the text writes it, blanks aside; NoSuchEdge."""
    found = survey.edges_by_name(space).get("".join(name.split()))
    if found is None:
        help = did_you_mean(name, [e.name for e in space.edges])
        raise NoSuchEdge(f"`{space.name}` has no edge `{name}`: {help}")
    return found


def edge_table(space: Space, edge: Edge) -> Table:
    """Every candidate of one edge, operation by operation."""
    rows = []
    for candidate in edge.candidates:
        if not candidate.steps:
            rows.append((candidate.text, "", "", "0", "0"))
        for index, step in enumerate(candidate.steps):
            name = candidate.text if index == 0 else ""
            shapes = f"{show_shape(step.before)} -> {show_shape(step.after)}"
            rows.append((name, step.op.text, shapes, f"{step.parameters:,}", f"{step.macs:,}"))
    nodes = (space.nodes[name] for name in (edge.source, edge.target))
    source, target = (show_sized(node.shape, node.sizes) for node in nodes)
    about = f"{edge.type} {edge.contract or ''}".strip()
    title = f"{edge.text}: {about}, {source} -> {target}"
    return Table(title, ("candidate", "step", "shapes", *_COSTS), rows, _COSTS)


def values(space: Space) -> dict[str, Any]:
    """All of the tables as JSON values, after the summary of `compile --json`."""
    mean = survey.mean_cost(space)
    return {
        **summary(space),
        "valid_architectures": space.valid_architectures,
        "distinct_architectures": space.distinct_architectures,
        "architectures_up_to_symmetry": space.architectures_up_to_symmetry,
        "activations": attrs.asdict(space.cost.activations),
        "mean": attrs.asdict(mean) if mean else None,
        "paths": attrs.asdict(space.paths),
        "id": survey.architecture_id(space),
        "node_rows": [_node_values(row) for row in survey.node_rows(space)],
        "tied_rows": [
            {"decision": decision.text, "options": list(decision.options), "edges": edges}
            for decision, edges in survey.tied_rows(space)
        ],
        "candidate_rows": [
            attrs.asdict(row, value_serializer=_text) for row in survey.candidate_rows(space)
        ],
        "extremes": [_extreme_values(space, extreme) for extreme in survey.extremes(space)],
    }


def _text(row: Any, field: Any, value: Any) -> Any:
    return value.text if isinstance(value, Pipeline) else value


def _node_values(row: survey.NodeRow) -> dict[str, Any]:
    node = row.node
    return {
        "name": node.name,
        "aliases": list(node.aliases),
        "shape": list(node.shape),
        "role": node.role,
        "block": node.block,
        "merge": node.merge.text,
        "then": node.then.text if node.then else None,
        "in": row.incoming,
        "out": row.outgoing,
        "parameters": _figure(row.parameters),
        "macs": _figure(row.macs),
        **({"sizes": list(node.sizes.told), "size": node.sizes.decision} if node.sizes else {}),
    }


def _size(size: int | Shape) -> str:
    return str(size) if isinstance(size, int) else show_shape(size)


def _figure(cost: Interval) -> Any:
    """A number; two, where sizes are decided."""
    return cost.min if cost.min == cost.max else attrs.asdict(cost)


def _extreme_values(space: Space, extreme: survey.Extreme) -> dict[str, Any]:
    found = extreme.architecture
    values: dict[str, Any] = {"end": extreme.end, "by": list(extreme.by)}
    if found is None:
        return {**values, "choices": None}
    live = survey.live_edges(space, found)
    choices = {edge.name: found.choices[edge.name].text for edge in live}
    sizes = {name: n for n, names in survey.size_rows(space, found) for name in names}
    values |= {"parameters": found.parameters, "macs": found.macs, "choices": choices}
    return values | ({"sizes": sizes} if sizes else {})


def edge_values(edge: Edge) -> dict[str, Any]:
    """One edge as JSON values."""
    return {
        "name": edge.name,
        "source": edge.source,
        "target": edge.target,
        "type": edge.type,
        "contract": edge.contract,
        "candidates": [
            {
                "candidate": candidate.text,
                "parameters": candidate.parameters,
                "macs": candidate.macs,
                "steps": [
                    {name: getattr(step, name) for name in _STEP} | {"op": step.op.text}
                    for step in candidate.steps
                ],
            }
            for candidate in edge.candidates
        ],
    }
