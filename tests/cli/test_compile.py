"""`autorecon-compile` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import autorecon
from autorecon.cli import cli

SPACES = Path(__file__).parents[2] / "spaces"
BAD = """space bad(width = 8)
input z [4]: noise
output image [width, 2, 2]
nomal z -> image
link z -> imgae = linear
"""


def compile(*arguments: str):
    return CliRunner().invoke(cli, ["compile", *map(str, arguments)])


def test_json_has_what_scripts_rely_on():
    facts = json.loads(compile(SPACES / "paper.space", "--json").stdout)
    assert facts["name"] == "paper"
    assert facts["edges_by_type"] | {"link": 4} == {"normal": 15, "up": 6, "cross": 12, "link": 4}
    assert facts["architectures"] == 161475125529959543232
    assert facts["nodes"] == 17
    assert facts["parameters"]["min"] < facts["parameters"]["max"]
    assert facts["macs"]["min"] < facts["macs"]["max"]
    assert facts["output"]["shape"] == [3, 32, 32]


def test_summary_of_a_shipped_space_by_name():
    result = compile("gdfq-cifar")
    assert result.exit_code == 0
    assert "1,061,139" in result.output
    assert "image 3x32x32" in result.output


def test_set_changes_parameters():
    facts = json.loads(compile("paper", "--set", "width=128", "--set", "size=64", "--json").stdout)
    assert facts["output"]["shape"] == [3, 64, 64]


@pytest.mark.parametrize("value", ["width", "width=wide", "=3", "a b=3"])
def test_bad_set_is_a_usage_error(value):
    result = compile("paper", "--set", value)
    assert result.exit_code == 2
    assert "NAME=VALUE" in result.output


def test_faults_are_shown_together_with_caret_and_help(tmp_path):
    (tmp_path / "bad.space").write_text(BAD)
    result = compile(tmp_path / "bad.space")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "error[E0203]: unknown edge type `nomal`" in result.stderr
    assert "4 | nomal z -> image" in result.stderr
    assert "  | ^^^^^" in result.stderr
    assert "did you mean `image`?" in result.stderr


def test_machine_formats(tmp_path):
    (tmp_path / "bad.space").write_text(BAD)
    lines = compile(tmp_path / "bad.space", "--output-format", "concise").stdout.splitlines()
    assert [line.split(": ")[1].split()[0] for line in lines] == ["E0203", "E0204"]
    found = json.loads(compile(tmp_path / "bad.space", "--output-format", "json").stdout)
    assert [(d["code"], d["line"], d["column"]) for d in found] == [
        ("E0203", 4, 1),
        ("E0204", 5, 11),
    ]
    github = compile(tmp_path / "bad.space", "--output-format", "github").stdout
    assert github.startswith("::error file=")


def test_missing_file_names_the_shipped_spaces():
    result = compile("papr")
    assert result.exit_code == 1
    assert "did you mean `paper`?" in result.stderr


def test_explain():
    assert "edge type" in compile("--explain", "e0203").stdout
    assert compile("--explain", "E9999").exit_code == 2


@pytest.mark.parametrize("ending", ["svg", "png", "dot"])
def test_render(tmp_path, ending):
    out = tmp_path / f"paper.{ending}"
    assert compile("paper", "--render", out).exit_code == 0
    assert out.stat().st_size > 1000


def test_render_without_a_name_and_before_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert compile(SPACES / "gdfq-cifar.space", "--render").exit_code == 0
    assert compile("--render", SPACES / "paper.space").exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gdfq-cifar.svg", "paper.svg"]


def test_render_to_what_cannot_be_drawn(tmp_path):
    result = compile("paper", "--render", tmp_path / "paper.doc")
    assert result.exit_code == 2
    assert "svg" in result.stderr
    assert not list(tmp_path.iterdir())


def test_no_color_is_honoured(tmp_path):
    (tmp_path / "bad.space").write_text(BAD)
    runner = CliRunner(env={"NO_COLOR": "1"})
    shown = runner.invoke(cli, ["compile", str(tmp_path / "bad.space")], color=True)
    assert "\x1b[" not in shown.stderr
    shown = CliRunner(env={"NO_COLOR": ""}).invoke(
        cli, ["compile", str(tmp_path / "bad.space")], color=True
    )
    assert "\x1b[" in shown.stderr


def test_passes_are_shown_with_each_edge_and_what_is_in_the_way():
    result = compile("paper", "--emit", "passes")
    assert result.exit_code == 0
    lines = [line.split() for line in result.output.splitlines()]
    sizes = {line[0]: int(line[1]) for line in lines if line and line[0] in ("lower", "stack")}
    assert sizes["stack"] < sizes["lower"] / 2
    assert "its kernel is added to others, 41 taps by spectra" in result.output
    assert "summed with others before one nearest resize" in result.output
    inside = compile("paper-norm-inside", "--emit", "passes").output
    assert "not fused, ccbn, leaky_relu inside the candidate" in inside


def test_passes_as_json():
    facts = json.loads(compile("gdfq-cifar", "--emit", "passes", "--json").stdout)
    macs = {stage["name"]: stage["macs"] for stage in facts["passes"]}
    assert macs["lower"] == autorecon.load("gdfq-cifar").cost.macs.max
    assert macs["in place"] < macs["lower"] / 2
    assert facts["edges"]["z->code"] == [
        {"candidate": "identity", "computed": "its source as it is"}
    ]
    (low,) = facts["edges"]["seed->low"]
    assert low["computed"] == "3x3 transposed at 1/2 of the resolution"


def test_bounds_are_called_so(monkeypatch):
    monkeypatch.setattr("autorecon.graph.counting.decision_diagram.MAX_STEPS", 10)
    assert "(the least is a bound: too entangled to be exact)" in compile("paper").output
    assert json.loads(compile("paper", "--json").stdout)["exact"] is False


def test_truth_values_are_shown_as_one_sets_them(tmp_path):
    file = tmp_path / "deep.space"
    file.write_text(
        "space s(deep = true)\ninput z [4]: noise\noutput i [4]\nlink z -> i = linear\n"
    )
    assert "deep=true" in compile(str(file)).output
    assert "deep=false" in compile(str(file), "--set", "deep=false").output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("compile", "-"), 0, "tiny  generator  -"),
        (("show", "-"), 0, "tiny: generator"),
        (("diff", "-", "dafl"), 1, "+++ dafl"),
    ],
)
def test_a_text_may_come_from_standard_input(arguments, code, said):
    text = "space tiny\ninput z [4]: noise\noutput i [4]\nlink z -> i = relu\n"
    result = CliRunner().invoke(cli, [*arguments], input=text)
    assert result.exit_code == code
    assert said in result.stdout
    faulty = CliRunner().invoke(cli, [*arguments], input=text.replace("relu", "rely"))
    assert "<stdin>:4:15" in faulty.stderr
