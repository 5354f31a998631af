"""The grammars of editors and the lexer of Pygments know every word of the language."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from pygments.token import Error, Keyword, Name

from autorecon.lang import resource_folder, shipped_spaces
from autorecon.lang.elaborate.choices import APART
from autorecon.lang.elaborate.edges import CONTRACTS
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.operations.catalogue import CATALOGUE
from autorecon.lang.operations.merges import MERGE_CATALOGUE
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.syntax.tables import tables
from autorecon.pygments_lexer import SpaceLexer

EDITORS = resource_folder("spaces").parent / "editors"
GRAMMAR = json.loads((EDITORS / "vscode/syntaxes/space.tmLanguage.json").read_text("utf-8"))
KEYWORDS = [word for word in tables().keywords if word not in ("true", "false")]
BEHIND = {
    "merge": list(MERGE_CATALOGUE),
    "limit": [measure.word for measure in MEASURES],
    "share": ["choice", "weights"],
    "input y:": ["noise", "label"],
    "edge up": CONTRACTS,
    "choice width": [f"{APART} ="],
    "rule": ["at", "exactly"],
}
LINES = [
    (f"{before} {word}", word.removesuffix(" ="))
    for before, words in BEHIND.items()
    for word in words
]


def patterns(part: dict[str, Any]) -> list[str]:
    """All regular expressions of a part of the grammar."""
    found = [part[key] for key in ("match", "begin", "end") if key in part]
    return found + [text for inner in part.get("patterns", ()) for text in patterns(inner)]


@pytest.mark.parametrize("word", KEYWORDS)
def test_keywords(word: str) -> None:
    assert re.fullmatch(GRAMMAR["repository"]["keyword"]["match"], word)
    assert [kind for kind, text in SpaceLexer().get_tokens(word) if text == word] == [Keyword]


@pytest.mark.parametrize("word", [*CATALOGUE, "link"])
def test_operations(word: str) -> None:
    assert re.fullmatch(GRAMMAR["repository"]["operation"]["match"], word)
    assert (Name.Builtin, word) in list(SpaceLexer().get_tokens(word))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_values(name: str) -> None:
    assert re.match(GRAMMAR["repository"]["function"]["match"], f"{name}(")
    assert (Name.Builtin, name) in list(SpaceLexer().get_tokens(f"let a = {name}(b)"))
    assert name in (EDITORS / "nvim/syntax/space.vim").read_text("utf-8")


def test_nothing_else_is_a_word_of_the_grammars() -> None:
    def words_of(part: str) -> set[str]:
        return set(re.findall(r"[a-z_]{2,}", GRAMMAR["repository"][part]["match"]))

    assert words_of("keyword") == set(KEYWORDS)
    assert words_of("operation") == {*CATALOGUE, "link"}
    assert words_of("function") == set(FUNCTIONS)
    syntax = (EDITORS / "nvim/syntax/space.vim").read_text("utf-8")
    listed = re.findall(r"syntax keyword space\w+ (.*)", syntax)
    assert {w for line in listed for w in line.split()} == {*tables().keywords, *CATALOGUE, "link"}


@pytest.mark.parametrize(("line", "word"), LINES)
def test_words_that_mean_something_behind_another(line: str, word: str) -> None:
    kinds = [kind for kind, text in SpaceLexer().get_tokens(line) if text == word]
    assert kinds
    assert kinds[-1] in Keyword
    behind = [text for part in ("declaration", "behind", "rule") for text in _of(part)]
    assert any(word in re.findall(r"[a-z]+", text) for text in behind)


def test_a_rule_goes_on_in_the_next_line() -> None:
    text = "rule if a -> b = none\n  then at most one none\nnode exactly [3]\n"
    kinds = {text: kind for kind, text in SpaceLexer().get_tokens(text)}
    assert kinds["then"] is kinds["most"] is Keyword
    assert kinds["exactly"] is Name
    end = re.compile(GRAMMAR["repository"]["rule"]["end"])
    assert [bool(end.match(line)) for line in ("  then at most one", "node a [3]")] == [False, True]


def _of(part: str) -> list[str]:
    return patterns(GRAMMAR["repository"][part])


def test_the_grammar_is_sound() -> None:
    parts = GRAMMAR["repository"]
    for text in (text for part in parts.values() for text in patterns(part)):
        re.compile(text)
    included = re.findall(r'"include": "#(\w+)"', json.dumps(GRAMMAR))
    assert set(included) == set(parts)


@pytest.mark.parametrize("name", shipped_spaces())
def test_shipped_spaces_are_coloured_without_a_fault(name: str) -> None:
    text = shipped_spaces()[name].read_text("utf-8")
    tokens = list(SpaceLexer().get_tokens(text))
    assert Error not in [kind for kind, _ in tokens]
    assert "".join(part for _, part in tokens).strip() == text.strip()


def test_snippets_and_settings_are_there() -> None:
    folder = EDITORS / "vscode"
    package = json.loads((folder / "package.json").read_text("utf-8"))
    made = package["contributes"]
    named = [made["languages"][0]["configuration"], made["grammars"][0]["path"]]
    named += [made["snippets"][0]["path"], package["main"]]
    assert all((folder / path).is_file() for path in named)
    for snippet in json.loads((folder / "snippets/space.json").read_text("utf-8")).values():
        assert snippet["body"]
        assert snippet["prefix"] in tables().keywords


def test_pygments_finds_it_once_it_is_installed() -> None:
    text = (resource_folder("spaces").parent / "pyproject.toml").read_text("utf-8")
    assert 'autorecon = "autorecon.pygments_lexer:SpaceLexer"' in text
    assert SpaceLexer.filenames == ("*.space",)
