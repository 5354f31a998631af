from __future__ import annotations

import attrs

from autorecon.graph import load
from autorecon.graph.counting.cost import Interval
from autorecon.graph.survey import candidate_rows, chosen_rows, extremes, node_rows


def test_every_node_with_its_degrees_and_own_cost():
    space = load("paper")
    rows = {row.node.name: row for row in node_rows(space)}
    assert list(rows) == list(space.order)
    assert set(rows) == set(space.nodes)
    for name, row in rows.items():
        assert row.incoming == sum(e.target == name for e in space.edges)
        assert row.outgoing == sum(e.source == name for e in space.edges)
    nothing = Interval(0, 0)
    assert (rows["B1.n2"].parameters, rows["B1.n2"].macs) == (Interval(2 * 64, 2 * 64), nothing)
    assert (rows["code"].parameters, rows["code"].macs) == (nothing, nothing)


def test_candidates_by_type_with_their_range_of_cost():
    space = load("paper", width=8)
    rows = {(row.type, row.candidate.text): row for row in candidate_rows(space)}
    conv = rows["normal", "conv(3)"]
    assert (conv.edges, conv.contract) == (15, "keeps")
    assert conv.parameters == Interval(8 * 8 * 9 + 8, 8 * 8 * 9 + 8)
    assert conv.macs == Interval(8 * 8 * 9 * 8 * 8, 8 * 8 * 9 * 32 * 32)
    assert sum(row.edges for row in rows.values()) == sum(len(e.candidates) for e in space.edges)
    assert list(dict.fromkeys(row.type for row in rows.values())) == list(space.edges_by_type)


def test_extremes_by_one_measure_or_both():
    space = load("paper")
    found = extremes(space)
    assert [(e.end, e.by) for e in found] == [
        ("cheapest", ("parameters", "macs")),
        ("dearest", ("parameters", "macs")),
    ]
    assert extremes(load("paper-cifar10")) == extremes(load("gdfq-cifar")) == []
    architecture = found[0].architecture
    rows = chosen_rows(space, architecture)
    assert sorted(name for _, _, names in rows for name in names) == sorted(architecture.live)
    live = attrs.evolve(architecture, live=())
    assert chosen_rows(space, live) == []
