"""docs/studies.md is true: its study can be planned, its options and studies are all there."""

from __future__ import annotations

import re
from pathlib import Path

from autorecon.cli.study_command import study as command
from autorecon.study.cells import plan
from autorecon.study.spec import read_study, shipped_studies

PAGE = (Path(__file__).parents[2] / "docs" / "studies.md").read_text("utf-8")


def test_the_study_of_ones_own_can_be_planned() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, flags=re.S)
    cells = plan(read_study(text, "docs"))
    assert [cell.kind for cell in cells].count("search") == 1
    assert len(cells) == 1 + 3 * 3


def test_every_shipped_study_is_there() -> None:
    rows = re.findall(r"^\| `(\w+)` \| .* \|$", PAGE, flags=re.M)
    assert set(shipped_studies()) <= set(rows)


def test_every_option_is_there() -> None:
    own = {name for option in command.params for name in option.opts if name.startswith("--")}
    told = {"--out": "-o FOLDER", "--quiet": "-q"}
    assert all(f"`{told.get(name, name)}" in PAGE for name in own)
