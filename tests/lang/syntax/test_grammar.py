"""The grammar itself, and the tables that are shipped with it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark
from lark import Token as LarkToken
from lark.exceptions import LarkError

from autorecon.lang.resources import resource_folder
from autorecon.lang.syntax.automaton import Parser
from autorecon.lang.syntax.layout import layout
from autorecon.lang.syntax.make_tables import shipped_text
from autorecon.lang.syntax.tables import tables
from autorecon.lang.syntax.tokens import lex


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


def test_shipped_tables_are_those_that_lark_makes_of_the_grammar() -> None:
    """Else: python -m autorecon.lang.syntax.make_tables"""
    assert (resource_folder("grammars") / "space.json").read_text() == shipped_text()


def test_tables_of_another_grammar_are_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever changes the grammar in a checkout sees the change at once."""
    for name in ("space.lark", "space.json"):
        shutil.copy(resource_folder("grammars") / name, tmp_path)
    changed = _text().replace('"genotype"', '"blueprint"')
    (tmp_path / "space.lark").write_text(changed)
    monkeypatch.setattr("autorecon.lang.syntax.tables.resource_folder", lambda name: tmp_path)
    assert "blueprint" in tables().keywords
    assert not (tmp_path / "space.json").read_text().count("blueprint")


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
