"""Whatever is written, the answer is a program or faults with places: never another exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autorecon.lang import Diagnostic, Program, Source, SpaceError, check, resource_folder
from autorecon.lang.codes import CODES
from autorecon.lang.parse import read_source
from autorecon.lang.show import as_json, concise, full, github

HERE = Path(__file__).parent
SPACES = resource_folder("spaces")
FILES = [*SPACES.glob("*.space"), *HERE.glob("*/*.space"), *HERE.glob("*/genotypes/*.space")]
TEXTS = [path.read_text("utf-8", "replace") for path in sorted(FILES)]
TOKENS = re.compile(r"#[^\n]*|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|->|>>|\s+|.")
INSERTED = [
    *'{}[]()=|,.:+-*/%@#"\n\x00\r\t\u2028é',
    "->",
    ">>",
    "none",
    "space",
    "block",
    "link",
    "0",
]

fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def judge(text: str) -> tuple[Diagnostic, ...]:
    """The faults of a text, after checking that each can be shown."""
    source = Source(text, "fuzz.space", HERE / "good" / "genotypes" / "fuzz.space")
    try:
        assert isinstance(check(source), Program)
    except SpaceError as error:
        _check_faults(error.diagnostics, source)
        return error.diagnostics
    return ()


def _check_faults(faults: tuple[Diagnostic, ...], source: Source) -> None:
    assert faults
    places = [(d.code, d.span, d.label) for d in faults]
    assert len(set(places)) == len(places), "a fault is shown twice"
    for fault in faults:
        assert fault.code in CODES
        assert fault.message
        if fault.span and fault.span.source is source:
            assert 0 <= fault.span.start <= fault.span.end <= len(source.text)
        full(fault), concise(fault), github(fault)
    as_json(faults)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A program with one to five tokens deleted, doubled, swapped, replaced or added."""
    tokens = TOKENS.findall(draw(st.sampled_from(TEXTS)))
    for _ in range(draw(st.integers(1, 5))):
        place = draw(st.integers(0, len(tokens) - 1))
        other = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["delete", "double", "swap", "copy", "insert"])):
            case "delete":
                tokens[place] = ""
            case "double":
                tokens[place] *= 2
            case "swap":
                tokens[place], tokens[other] = tokens[other], tokens[place]
            case "copy":
                tokens[place] = tokens[other]
            case "insert":
                tokens[place] += draw(st.sampled_from(INSERTED))
    return "".join(tokens)


@fuzz
@given(mutated())
def test_programs_with_slips(text: str) -> None:
    judge(text)


@fuzz
@given(st.lists(st.sampled_from(sorted({t for text in TEXTS for t in TOKENS.findall(text)}))))
def test_words_in_any_order(words: list[str]) -> None:
    judge("space fuzz\n" + " ".join(words))


@fuzz
@given(st.text())
def test_any_text(text: str) -> None:
    judge(text)


@fuzz
@given(content=st.binary())
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("fuzz") / "any.space"
    path.write_bytes(content)
    with pytest.raises(SpaceError):
        check(read_source(path))


PUNCTUATION = re.compile(r"->|>>|[][(){}=]")


def _slips(text: str) -> list[str]:
    code = re.sub(r"#[^\n]*", lambda match: " " * len(match[0]), text)
    places = [match.span() for match in PUNCTUATION.finditer(code)]
    deleted = [text[:a] + text[b:] for a, b in places]
    return deleted + [text[:b] + text[a:] for a, b in places]


def test_one_slip_is_one_fault() -> None:
    """A sign deleted or doubled is reported once, although much depends on it."""
    text = (HERE / "good" / "blocks.space").read_text()
    for slip in _slips(text):
        assert len(judge(slip)) == 1, slip
