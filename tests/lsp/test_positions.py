"""Places as editors count them: lines of three kinds of ends, units of three encodings."""

from __future__ import annotations

import pytest
from lsprotocol import types

from autorecon.lsp.positions import Positions

TEXT = "a\u00f6\U0001f600b\r\nc\rd\u2028e\n"
UNITS = {"utf-8": (0, 1, 3, 7, 8), "utf-16": (0, 1, 2, 4, 5), "utf-32": (0, 1, 2, 3, 4)}


@pytest.mark.parametrize("encoding", UNITS)
def test_there_and_back(encoding: str) -> None:
    at = Positions(TEXT, encoding)
    for offset, units in enumerate(UNITS[encoding]):
        assert at.position(offset) == types.Position(0, units)
        assert at.offset(types.Position(0, units)) == offset
    starts = [at.position(TEXT.index(letter)) for letter in "cde"]
    last = {"utf-8": 4, "utf-16": 2, "utf-32": 2}[encoding]
    assert starts == [types.Position(1, 0), types.Position(2, 0), types.Position(2, last)]


def test_what_is_outside_is_the_nearest_place() -> None:
    at = Positions(TEXT)
    assert at.offset(types.Position(0, 99)) == TEXT.index("\r\n")
    assert at.offset(types.Position(99, 0)) == len(TEXT)
    assert at.position(len(TEXT) + 5) == types.Position(3, 0)
    assert Positions("").offset(types.Position(3, 3)) == 0
