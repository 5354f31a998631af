"""CONTRIBUTING.md and docs/architecture.md are true: the files that they name are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
RECIPES = dict(
    re.findall(r"^### An? (.+)\n([\s\S]+?)(?=^### |\Z)", PAGE[PAGE.index("## Recipes") :], re.M)
)
PATH = re.compile(r"`((?:[\w-]+/)+[\w.-]*|[\w-]+\.md)`")


def test_there_are_thirteen_recipes() -> None:
    assert list(RECIPES) == [
        *("operation", "diagnostic", "contract", "pass", "strategy", "method"),
        *("range", "teacher", "data set", "panel", "option", "cost", "editor feature"),
    ]


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_which_files_and_how_to_test(name: str) -> None:
    files, _, test = RECIPES[name].partition("\nTest: ")
    assert PATH.search(files)
    assert any(path.startswith(("tests/", "tools/")) for path in PATH.findall(test))


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "docs/architecture.md"])
def test_every_file_that_is_named_exists(page: str) -> None:
    named = PATH.findall((ROOT / page).read_text("utf-8"))
    assert len(named) > 20
    assert [path for path in named if not exists(path)] == []


def test_every_test_lies_in_the_folder_of_what_it_tests() -> None:
    """Whatever is about no package or room of one lies at the top, or is of docs/ or tools/."""
    folders = {
        path.parent.relative_to(ROOT / "tests") for path in ROOT.glob("tests/*/**/test_*.py")
    }
    assert len(folders) > 30
    rooms = folders - {Path("docs"), Path("tools")}
    assert [
        room for room in rooms if not (ROOT / "autorecon" / room / "__init__.py").exists()
    ] == []


def exists(path: str) -> bool:
    """Here or in the package; of a file that is to be written, called NAME.py, its folder."""
    written = re.sub(r"NAME\.\w+$", "", path)
    return any((base / written).exists() for base in (ROOT, ROOT / "autorecon"))
