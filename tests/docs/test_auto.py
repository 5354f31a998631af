"""docs/auto.md is true: its options are all there, its file can be read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from autorecon.auto.candidates import candidates
from autorecon.auto.config import KEPT, read_asked
from autorecon.cli.auto_command import auto as command

PAGE = (Path(__file__).parents[2] / "docs" / "auto.md").read_text("utf-8")


def test_every_option_is_there() -> None:
    own = {name for option in command.params for name in option.opts if name.startswith("--")}
    told = {"--out": "-o", "--quiet": "-q"}
    assert [name for name in own if f"`{told.get(name, name)}" not in PAGE] == []


def test_the_candidates_of_ones_own_are_tried_first() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S)
    asked = read_asked(tomllib.loads(text))
    found = candidates(asked, "gdfq-cifar", asked.trials)
    assert [one.name for one in found[:3]] == [*KEPT, "mine, aligned"]
    assert len(found) == 12
    assert {one.source for one in found} == {"", "mine"}
