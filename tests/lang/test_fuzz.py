"""Whatever is written, the answer is a program or faults with places: never another exception."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fuzz_language as tool
from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.syntax.parse import read_source

HERE = Path(__file__).parent


WORDS = sorted({word for base in tool.bases() for word in tool.TOKENS.findall(base.text)})
fuzz = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def judge(text: str) -> tuple[Diagnostic, ...]:
    """The faults of a text, after checking that each can be shown."""
    source = Source(text, "fuzz.space", HERE / "good" / "genotypes" / "fuzz.space")
    return tool.judge(source)


def test_programs_with_slips() -> None:
    tally = tool.run(seed=1, start=0, count=100)
    assert tally.inputs == 100
    assert not tally.failures, tally.failures


def test_a_failure_is_found_and_made_small(monkeypatch: pytest.MonkeyPatch) -> None:
    def check(source: Source) -> None:
        if "tanh" in source.text:
            raise KeyError

    monkeypatch.setattr(tool, "check", check)
    source = Source("space a\nop b = relu >> tanh\nop c = relu\n")
    (found,) = tool.tried(7, source).failures.values()
    assert found.kind.startswith("KeyError")
    assert tool.smallest(found, source).text == "tanh"


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tool, "SECONDS", 0.02)
    monkeypatch.setattr(tool, "check", lambda source: [None for _ in iter(int, 1)])
    assert list(tool.tried(0, Source("")).failures) == ["Hang"]


@fuzz
@given(st.lists(st.sampled_from(WORDS)))
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
