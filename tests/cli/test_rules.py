"""Rules and limits as a user of the commands meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli

SPACE = """space small(width = 4)
input z [3]: noise
node a, b [width, 4, 4]
output image [3, 4, 4]
link z -> {a, b} = linear | none
link {a, b} -> image = conv(1) | conv(3)
rule at most one conv(3)
limit params <= 0.4k
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.space"
    path.write_text(SPACE)
    return path


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def rows(output: str) -> dict[str, str]:
    """Lines by their first word, with single blanks."""
    lines = (line.split() for line in output.splitlines())
    return {first: " ".join(others) for first, *others in filter(None, lines)}


def test_compile_says_what_they_leave(small: Path):
    # Of 16, one may be conv(3) (3 of 4); both may not be none (3 of 4): all cost less than 600,
    # but with both branches at least 2 * 256 = 512 for what is linear.
    found = rows(run("compile", small).output)
    assert found["architectures"] == "16"
    assert found["within"] == "1 rule and 1 limit: 6"
    assert found["weights"] == "271 to 367"
    values = json.loads(run("compile", small, "--json").stdout)
    assert values["rules"] == ["rule at most 1 conv(3)"]
    assert values["limits"] == ["limit params <= 400"]


def test_compile_warns_of_what_makes_no_difference(small: Path):
    small.write_text(SPACE + "limit macs <= 1G\n")
    result = run("compile", small)
    assert result.exit_code == 0
    assert "warning[W0802]: `limit macs <= 1,000,000,000` holds whatever" in result.stderr


def test_show_lists_them_and_stays_within(small: Path):
    output = run("show", small).output
    found = rows(output)
    assert found["valid"] == "6"
    assert found["distinct"] == "4"
    assert found["rule"] == "at most 1 conv(3) 2"
    assert "up to symmetry" not in output
    assert "cheapest by weights" in output


def test_diff_tells_those_that_are_new_gone_or_wider(small: Path, tmp_path: Path):
    new = tmp_path / "new.space"
    new.write_text(
        SPACE.replace("0.4k", "0.5k").replace("rule at most one conv(3)", "rule exactly 1 none")
    )
    result = run("diff", small, new)
    assert result.exit_code == 1
    lines = [line.rstrip() for line in result.output.splitlines()]
    assert "rules and limits" in lines
    assert "  ~ limit params <=         400 -> 500" in lines
    assert "  - rule at most 1 conv(3)" in lines
    assert "  + rule exactly 1 none" in lines
    values = json.loads(run("diff", small, new, "--json").stdout)
    assert values["restrictions"][0] == {"name": "limit params <=", "old": "400", "new": "500"}


def test_a_drawing_lists_them(small: Path, tmp_path: Path):
    drawing = tmp_path / "small.dot"
    assert run("compile", small, "--render", drawing).exit_code == 0
    text = drawing.read_text()
    assert "at most 1 conv(3)" in text
    assert "params &lt;= 400" in text
