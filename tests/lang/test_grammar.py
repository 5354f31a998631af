"""The grammar itself, and the folder in which its table is kept."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark
from lark import Token as LarkToken
from lark.exceptions import LarkError

from autorecon.lang.grammar import Tables, _cache_path, resource_folder, tables
from autorecon.lang.lalr import Parser
from autorecon.lang.layout import layout
from autorecon.lang.tokens import lex


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    tables.cache_clear()
    yield
    tables.cache_clear()


def _text() -> str:
    return (resource_folder("grammars") / "space.lark").read_text()


def _strict(text: str) -> Lark:
    # BAD is every other character, and the layout pass makes what is declared.
    lines = [line for line in text.split("\n") if not line.startswith(("BAD", "%declare"))]
    declared = re.findall(r"^%declare (.*)$", text, re.M)[0].split()
    lines += [f'{name}: "<{number}"' for number, name in enumerate(declared)]
    return Lark("\n".join(lines), parser="lalr", lexer="basic", strict=True)


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
    made = tables()
    assert [path.suffix for path in (tmp_path / "autorecon").iterdir()] == [".json"]
    tables.cache_clear()
    assert _plain(tables()) == _plain(made)


def _plain(made: Tables) -> list:
    return json.loads(json.dumps(made))


def test_a_table_that_is_damaged_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = tables()
    (path,) = (tmp_path / "autorecon").iterdir()
    for text in ("", "[1, 2", "[1, 2]", "7"):
        tables.cache_clear()
        path.write_text(text)
        assert tables().pattern == made.pattern
        assert json.loads(path.read_text()) == _plain(tables())


def test_a_folder_that_others_may_write_is_not_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    (tmp_path / "autorecon").mkdir()
    os.chmod(tmp_path / "autorecon", 0o777)
    assert tables().keywords["space"] == "SPACE"
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
    assert tables().keywords["space"] == "SPACE"


SPACES = sorted(resource_folder("spaces").glob("*.space"))


def _shape(item: object) -> object:
    """Of Lark's trees and ours alike."""
    if isinstance(item, str):
        return str(item)
    return item.data, [_shape(child) for child in item.children]


@pytest.mark.parametrize("path", SPACES, ids=lambda path: path.stem)
def test_tokens_and_trees_are_those_of_lark(path: Path) -> None:
    lark = Lark(_text(), parser="lalr", lexer="basic", maybe_placeholders=False, postlex=_Kept())
    text = path.read_text("utf-8")
    tokens = list(lex(text))
    places = [(t.type, str(t), t.start_pos, t.end_pos) for t in tokens]
    assert places == [(t.type, str(t), t.start_pos, t.end_pos) for t in lark.lex(text)]
    laid = layout([token for token in tokens if token.type != "COMMENT"]).tokens
    parser, reference = Parser(), lark.parse_interactive("")
    for token in laid:
        parser.feed(token)
        reference.feed_token(LarkToken(token.type, str(token)))
    assert [_shape(t) for t in parser.finish()] == [
        _shape(t) for t in reference.feed_eof().children
    ]


class _Kept:
    always_accept = ("COMMENT", "BAD")

    def process(self, stream: Iterator[LarkToken]) -> Iterator[LarkToken]:
        return stream
