"""`autorecon show` as a user meets it."""

from __future__ import annotations

import io
import json
import re

import pytest
from click.testing import CliRunner
from rich.console import Console

from autorecon.cli import cli
from autorecon.cli.tables import Table, plain_text, show_rich
from autorecon.graph import Space, load


def show(*arguments: object):
    return CliRunner().invoke(cli, ["show", *map(str, arguments)])


def test_counts_and_costs():
    lines = [line.split() for line in show("paper").output.splitlines()]
    assert ["architectures", "161,475,125,529,959,543,232"] in lines
    assert ["valid", "161,455,006,304,643,456,000"] in lines
    assert ["distinct", "127,624,643,852,946,950,064"] in lines
    assert ["weights", "115,667", "to", "1,653,779,", "706,681", "on", "average"] in lines
    assert ["paths", "272,", "of", "6", "to", "12", "edges"] in lines
    up_to_symmetry = f"{load('paper').architectures_up_to_symmetry:,}"
    assert ["up", "to", "symmetry", up_to_symmetry] in lines


def test_a_genotype_has_its_id():
    name = load("paper", classes=10).architecture_id(load("paper-cifar10"))
    assert f"  id           {name}\n" in show("paper-cifar10").output
    assert json.loads(show("paper-cifar10", "--json").stdout)["id"] == name
    assert json.loads(show("gdfq-cifar", "--json").stdout)["id"] is None


def test_nodes_and_candidates():
    lines = [line.split() for line in show("paper").output.splitlines()]
    assert ["code", "100", "product", "2", "1"] in lines
    activate = ["bn(eps=0.8)", ">>", "leaky_relu(slope=0.2)"]
    assert ["B1.n5", "=", "B2.n1", "64x8x8", "sum", "3", "2", *activate, "128"] in lines
    assert ["cross", "bridges", "bilinear", "12", "0", "0"] in lines
    assert "normal keeps   conv(1)  " in show("paper").output


def test_what_the_extremes_look_like():
    output = show("paper").output
    assert "cheapest by weights and MACs: 115,667 weights, 1,871,872 MACs, 7 of 37 edges" in output
    assert "B1.n3->B2.n4, B2.n4->B3.n5" in output
    assert "dearest by weights and MACs: 1,653,779 weights, 689,999,872 MACs" in output
    assert "cheapest" not in show("paper-cifar10").output


def test_set():
    assert "64 nodes" not in show("paper", "--set", "width=8").output
    assert "8x32x32" in show("paper", "--set", "width=8").output


@pytest.mark.parametrize("name", ["B2.n1->n2", "B2.n1 -> B2.n2", "B1.n5->B2.n2"])
def test_one_edge_by_any_of_its_names(name):
    result = show("paper", "--edge", name)
    lines = result.output.splitlines()
    assert lines[0] == "B2.n1 -> B2.n2: up enlarges, 64x8x8 -> 64x16x16"
    assert [line.split()[0] for line in lines[2:]] == ["nearest", "bilinear"]


def test_one_edge_step_by_step():
    lines = show("paper", "--edge", "B3.n5->image").output.splitlines()
    assert [line.split()[-5:] for line in lines[2:]] == [
        ["64x32x32", "->", "3x32x32", "1,731", "1,769,472"],
        ["3x32x32", "->", "3x32x32", "0", "0"],
        ["3x32x32", "->", "3x32x32", "0", "0"],
    ]


def test_an_edge_that_is_not_there():
    result = show("paper", "--edge", "B1.n2->n9")
    assert result.exit_code == 2
    assert "did you mean `B1.n2->n" in result.output


def test_json():
    space, found = load("paper"), json.loads(show("paper", "--json").stdout)
    assert found["distinct_architectures"] == space.distinct_architectures
    assert found["macs"]["max"] == space.cost.macs.max
    assert [row["name"] for row in found["node_rows"]] == list(space.order)
    assert {"type", "candidate", "edges", "parameters", "macs"} <= set(found["candidate_rows"][0])
    assert found["paths"] == {"count": 272, "shortest": 6, "longest": 12}
    assert found["mean"]["parameters"] == pytest.approx(706_681.3, abs=0.1)
    cheapest, dearest = found["extremes"]
    assert cheapest["parameters"] == space.cost.parameters.min
    assert len(dearest["choices"]) == len(space.edges)


def test_an_edge_as_json():
    found = json.loads(show("paper", "--edge", "B1.n2->n4", "--json").stdout)
    conv = found["candidates"][1]
    assert (conv["candidate"], conv["parameters"], conv["macs"]) == ("conv(3)", 36928, 2359296)
    assert conv["steps"][0]["before"] == [64, 8, 8]
    assert found["candidates"][-1]["steps"] == []


def test_faults_are_shown():
    result = show("papr")
    assert result.exit_code == 1
    assert "did you mean `paper`?" in result.stderr


def test_a_space_too_entangled_says_so(monkeypatch):
    monkeypatch.setattr("autorecon.graph.counting.decision_diagram.MAX_STEPS", 10)
    output = show("paper").output
    assert "too entangled to count" in output
    assert "(the least is a bound: too entangled to be exact)" in output
    assert "cheapest by weights and MACs: too entangled to find" in output


@pytest.mark.parametrize(
    "command", [("compile", "paper"), ("show", "paper"), ("diff", "paper", "gdfq-cifar")]
)
def test_counts_of_any_length(monkeypatch, command):
    monkeypatch.setattr(Space, "architectures", 7**6000)  # Python prints no more than 4,300 digits
    result = CliRunner().invoke(cli, command)
    assert "3.9 \u00d7 10\u2075\u2070\u2077\u2070" in result.output
    result = CliRunner().invoke(cli, [*command, "--json"])
    found = re.search(r'"architectures": (\d+)', result.output)[1]
    assert len(found) == 5071
    assert found.endswith("0001")


def test_rich_tables_take_text_as_it_is():
    table = Table("[bold]title", ("name", "weights"), [("[red]a", "1")], ("weights",))
    out = io.StringIO()
    show_rich([table], Console(file=out, width=60, force_terminal=True, color_system=None))
    assert "[bold]title" in out.getvalue()
    assert "[red]a" in out.getvalue()
    assert plain_text(table) == "[bold]title\n  name    weights\n  [red]a        1"


def test_tied_decisions_are_listed_with_what_depends_on_them():
    text = show("autogan").output
    assert "9 tied decisions\n" in text
    lines = [line.split() for line in text.splitlines()]
    assert ["C3.up", "bilinear", "|", "nearest", "|", "deconv(2)", "4"] in lines
    rows = json.loads(show("autogan", "--json").stdout)["tied_rows"]
    assert rows[0] == {
        "decision": "C1.norm",
        "options": ["identity", "bn", "instance_norm(affine=false)"],
        "edges": 2,
    }
