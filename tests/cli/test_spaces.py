"""`autorecon spaces` as a user sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache

import pytest
from click.testing import CliRunner

from autorecon import graph
from autorecon.cli import cli
from autorecon.cli.spaces_command import source_line
from autorecon.lang import shipped_spaces


@pytest.fixture(autouse=True, scope="module")
def counted_once() -> Iterator[None]:
    """A space keeps its counts, which take longer than all else here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(graph, "load", cache(graph.load))
        yield


def spaces(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["spaces", *arguments])
    assert result.exit_code == 0
    return result.stdout


def test_every_shipped_space_is_listed_with_its_source():
    lines = spaces().splitlines()
    assert [line.split()[0] for line in lines[::2]] == list(shipped_spaces())
    assert all("et al., " in line for line in lines[1::2])
    shown = dict(zip(shipped_spaces(), lines[::2], strict=True))
    assert shown["gdfq-imagenet"].split(None, 1)[1] == "generator    41,405,315 weights"
    assert "search space 1.61e+20 architectures" in shown["paper"]
    assert "search space 128 architectures" in shown["autorecon"]
    assert "genotype" in shown["paper-cifar10"]


def test_json_has_exact_numbers():
    facts = json.loads(spaces("--json"))["paper"]
    assert facts["architectures"] == 161_475_125_529_959_543_232
    assert facts["kind"] == "search space"
    assert facts["parameters"]["min"] < facts["parameters"]["max"]
    assert "IJCAI 2021" in facts["source"]


def test_the_source_ends_at_its_first_stop():
    assert source_line("# Of X (Y et al., 2020). More.\nspace s\n") == "Of X (Y et al., 2020)"
    assert source_line("# Two\n# lines: end.\n\n# Other.\n") == "Two lines"
    assert source_line("# No stop\n") == "No stop"
    assert source_line("space s\n") == ""


@pytest.mark.parametrize("name", shipped_spaces())
def test_every_shipped_space_can_be_shown(name):
    result = CliRunner().invoke(cli, ["show", name])
    assert result.exit_code == 0, result.output
