"""The grammar itself, and the folder in which its table is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark
from lark.exceptions import LarkError

from autorecon.lang.grammar import _cache_path, grammar, resource_folder


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    grammar.cache_clear()
    yield
    grammar.cache_clear()


def _text() -> str:
    return (resource_folder("grammars") / "space.lark").read_text()


def _strict(text: str) -> Lark:
    # BAD is every other character, and the layout pass makes the block's braces.
    lines = [line for line in text.split("\n") if not line.startswith(("BAD", "%declare"))]
    braces = '_BLOCK_OPEN: "<{"\n_BLOCK_CLOSE: "}>"\n'
    return Lark("\n".join(lines) + braces, parser="lalr", lexer="basic", strict=True)


def test_no_rules_and_no_tokens_collide() -> None:
    """Lark's strict mode raises where a token or a rule could be read in two ways."""
    assert _strict(_text()).terminals


@pytest.mark.parametrize(
    ("added", "problem"),
    [
        ("%ignore /[a-z]+/", "Collision between Terminals"),
        ("_atom: NAME", "Rule .* already exists|defined more than once"),
    ],
)
def test_strict_mode_finds_collisions(added: str, problem: str) -> None:
    with pytest.raises(LarkError, match=problem):
        _strict(_text() + f"\n{added}\n")


def test_the_table_is_kept_in_the_users_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert grammar().parse("") is not None
    assert [path.suffix for path in (tmp_path / "autorecon").iterdir()] == [".table"]


def test_a_folder_that_others_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "autorecon").mkdir()
    os.chmod(tmp_path / "autorecon", 0o777)
    assert grammar().parse("") is not None
    assert list((tmp_path / "autorecon").iterdir()) == []


def test_a_table_of_another_grammar_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert _cache_path("one") != _cache_path("another")


def test_no_home_is_no_obstacle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert _cache_path(_text()) is None
    assert grammar().parse("") is not None
