"""`autorecon strategies`, and what is told of a strategy that lacks something."""

from __future__ import annotations

import json

from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.search import STRATEGIES


def test_every_strategy_is_listed_with_what_it_needs_and_its_source():
    text = CliRunner().invoke(cli, ["strategies"]).stdout
    found = json.loads(CliRunner().invoke(cli, ["strategies", "--json"]).stdout)
    assert list(found) == list(STRATEGIES)
    for name, facts in found.items():
        assert f"\n{name} " in "\n" + text
        assert facts["source"] in text
    assert found["log"]["settings"] == ["search.alpha", "search.gumbel"]
    assert found["hard"]["holds"] == "one path"
    assert found["darts"]["needs"] == ["an objective of which every term has a gradient"]
