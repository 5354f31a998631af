"""docs/search.md is true: its tables are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import attrs

from autorecon.objective import TERMS
from autorecon.search import DERIVATIONS, STRATEGIES, SearchConfig
from autorecon.workflow.config import SelectConfig, read_config
from autorecon.workflow.settings import RECIPE, combine, recipes

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text("utf-8")


def table(head: str) -> list[list[str]]:
    """The cells of a table's rows, without the two lines of its head."""
    lines = PAGE[PAGE.index(f"| {head} |") :].splitlines()[2:]
    rows = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_strategy_is_there_with_the_settings_that_it_reads():
    listed = {code(row[0])[0]: code(row[3]) for row in table("Strategy")}
    assert listed == {
        name: [f"search.{section}" for section in info.settings]
        for name, info in STRATEGIES.items()
    }


def test_settings_have_the_defaults_that_the_page_says():
    config = attrs.asdict(SearchConfig())
    for name, default, _ in table("Setting"):
        _, section, key = code(name)[0].split(".")
        assert str(config[section].pop(key)) == default
    assert not any(value for value in config.values() if isinstance(value, dict))


def test_settings_of_every_search_have_the_defaults_that_the_page_says():
    listed = {code(row[0])[0]: row[1] for row in table("Of every search")}
    defaults = attrs.asdict(SearchConfig()).items()
    own = {f"search.{name}": str(v) for name, v in defaults if not isinstance(v, dict)}
    assert listed == own


def test_every_term_that_needs_the_architecture_is_there():
    shipped = {n: t for n, t in TERMS.items() if t.loss.__module__.startswith("autorecon.")}
    listed = [code(row[0])[0] for row in table("Term")]
    assert listed == [name for name, term in shipped.items() if term.needs_architecture]


def test_every_way_to_derive_is_there():
    assert [code(row[0])[0] for row in table("Way")] == list(DERIVATIONS)


def test_settings_of_the_selection_have_the_defaults_that_the_page_says():
    listed = {code(row[0])[0]: row[1] for row in table("Selection")}
    defaults = attrs.asdict(SelectConfig(), recurse=False)
    assert listed == {f"select.{name}": str(value) for name, value in defaults.items()}


def test_every_recipe_is_there_with_its_space_strategy_and_selection():
    listed = {code(row[0])[0]: row for row in table("Recipe")}
    assert set(listed) == set(recipes())
    assert "the default" in listed[RECIPE][0]
    for name, row in listed.items():
        config = read_config(combine(None, {"recipe": name}, [], RECIPE))
        assert code(row[1] if row[1] != "the same" else listed[RECIPE][1])[0] == config.space.file
        assert code(row[2])[0] == config.search.strategy
        chosen = config.select
        expected = [f"{chosen.candidates}", f"{chosen.seeds}", f"{chosen.budget}"]
        assert re.findall(r"[\d.]*\d", row[3]) == (expected if chosen.candidates > 1 else [])
