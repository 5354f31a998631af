"""`autorecon diff` as a user meets it."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.graph import load


def diff(*arguments: object, **options):
    return CliRunner().invoke(cli, ["diff", *map(str, arguments)], **options)


def test_the_same_is_silent():
    result = diff("paper", "paper")
    assert (result.exit_code, result.output) == (0, "")


def test_genotypes_tell_each_choice_and_its_cost():
    result = diff("paper-cifar10", "paper-cifar100")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[:2] == ["--- paper-cifar10", "+++ paper-cifar100"]
    assert "  ~ classes  10 -> 100" in lines
    # 64 * 64 * 25 + 64 weights, each of its 102,400 used at 8 * 8 places.
    line = "  ~ B1.n3 -> B1.n4  none -> conv(5, dilation=2);  +102 k weights, +6.55 M MACs"
    assert line in lines
    assert [line.split() for line in lines if line.startswith(("  edges", "  weights"))] == [
        ["edges", "37"],
        ["weights", "1,181,867", "->", "1,321,939"],
    ]


def test_a_type_that_changed_as_a_whole_is_one_line(tmp_path):
    text = load("paper").text.replace("identity | none", "none | conv(7)", 1)
    (tmp_path / "mine.space").write_text(text)
    lines = diff("paper", tmp_path / "mine.space").output.splitlines()
    assert [line for line in lines if line.startswith("  ~")] == [
        "  ~ normal, all 15  - identity  + conv(7)"
    ]


def test_nodes_added_removed_and_changed():
    output = diff("gdfq-cifar", "paper").output
    assert "  - seed   128x8x8 sum then bn\n" in output
    assert "  + B1.n2  64x8x8 sum then bn(eps=0.8) >> leaky_relu(slope=0.2)\n" in output
    wide = diff("paper", "paper-cifar10", "--set", "classes=10", "--set", "width=8").output
    assert "classes" not in wide


def test_long_candidates_have_a_line_each():
    lines = [line.strip() for line in diff("paper", "paper-norm-inside").output.splitlines()]
    assert "+ bilinear >> ccbn(y, eps=0.8) >> leaky_relu(slope=0.2) >> conv(1)" in lines
    assert ["-", "z", "100", "noise"] in [line.split() for line in lines]


def test_lines_fit_a_page():
    assert max(map(len, diff("gdfq-cifar", "paper").output.splitlines())) <= 100


def test_json():
    result = diff("paper", "paper-cifar10", "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert not found["same"]
    assert found["parameters"] == [{"name": "classes", "old": "100", "new": "10"}]
    assert found["old"]["architectures"] == load("paper").architectures
    edge = next(e for e in found["edges"] if e["name"] == "B1.n1->n2")
    assert edge["kind"] == "changed"
    assert edge["old"]["candidates"] == ["nearest", "bilinear"]
    assert edge["new"]["candidates"] == ["nearest"]
    same = diff("paper", "paper", "--json")
    assert same.exit_code == 0
    assert json.loads(same.stdout)["same"]


def test_genotypes_of_one_generator_say_so(tmp_path):
    text = load("paper-cifar10").text
    other = re.sub(r"(B1\.n3 -> B\d\.n\d) = .*", r"\1 = none", text)
    another = other.replace("B1.n1 -> B1.n3 = nearest", "B1.n1 -> B1.n3 = bilinear")
    for name, written in (("a", text), ("b", other), ("c", another)):
        (tmp_path / f"{name}.space").write_text(written)
    (tmp_path / "paper.space").write_text(load("paper").text)
    a, b, c = (tmp_path / f"{name}.space" for name in "abc")
    assert "one generator: " in diff(b, c).output
    assert diff(b, c).exit_code == 1
    assert "one generator" not in diff(a, b).output
    told = [json.loads(diff(*pair, "--json").stdout) for pair in ((b, c), (a, b), (a, "paper"))]
    assert [found["same_generator"] for found in told] == [True, False, None]


@pytest.mark.parametrize(
    "arguments", [("paper", "papr"), ("paper",), (), ("--set", "q=1", "paper", "paper")]
)
def test_trouble_is_two(arguments):
    result = diff(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output


def test_faults_as_json_are_trouble_too():
    result = diff("paper", "papr", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)[0]["code"] == "E0103"


def test_render(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert diff("paper", "paper-cifar10", "--render").exit_code == 1
    assert diff("--render", "paper", "gdfq-cifar").exit_code == 1
    assert diff("paper", "paper", "--render", "same.dot").exit_code == 0
    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["gdfq-cifar-diff.svg", "paper-cifar10-diff.svg", "same.dot"]
    assert diff("paper", "paper", "--render", "same.doc").exit_code == 2


def test_colour_only_where_it_is_wanted():
    assert "\x1b[" in diff("paper", "gdfq-cifar", color=True, env={"NO_COLOR": ""}).output
    assert "\x1b[" not in diff("paper", "gdfq-cifar", color=True, env={"NO_COLOR": "1"}).output
