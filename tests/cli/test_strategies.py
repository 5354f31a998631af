"""`autorecon strategies`, and what is told of a strategy that lacks something."""

from __future__ import annotations

import json
import subprocess
import sys

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


def test_listing_loads_no_torch():
    code = (
        "import sys; from click.testing import CliRunner; from autorecon.cli import cli; "
        "CliRunner().invoke(cli, ['strategies']); print('torch' in sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "False"
