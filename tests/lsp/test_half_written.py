"""Whatever stands in a text, and wherever one asks: an answer or none, never an exception."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from lsprotocol import types

from autorecon.lang import check, shipped_spaces
from autorecon.lang.diagnostics.faults import SpaceError
from autorecon.lang.source import MAX_BYTES, Source
from autorecon.lsp.documents import Document, Documents
from autorecon.lsp.features import diagnostics
from autorecon.lsp.knowledge import Knowledge, check_document
from autorecon.lsp.server import OF_CHECKS
from autorecon.lsp.view import View
from fuzzing.editing import ask_all

SPACES = {name: path.read_text("utf-8") for name, path in shipped_spaces().items()}
STEP = 350  # characters; `python tests/lsp/test_half_written.py` goes on by 50


def read(text: str, documents: Documents | None = None, uri: str = "untitled:one") -> Document:
    return (documents or Documents()).put(uri, 1, text)


def known(text: str) -> Knowledge | None:
    document = read(text)
    program = check_document(document).program
    return Knowledge(document, program) if program else None


def attack(text: str, offset: int, knowledge: Knowledge | None = None) -> None:
    """A text with the knowledge of one that it came from."""
    document = read(text)
    checked = check_document(document)
    diagnostics.diagnostics(checked)
    assert _codes(checked.diagnostics) == _codes_of_check(document)
    ask_all(View(document, knowledge, checked.diagnostics), offset)


def _codes(found: object) -> list[str]:
    return [d.code for d in found]  # type: ignore[attr-defined]


def _codes_of_check(document: Document) -> list[str]:
    """What `autorecon compile` says, but of a file of declarations, which that refuses."""
    if document.recovered.file and document.recovered.file.header is None:
        return _codes(check_document(document).diagnostics)
    try:
        return _codes(check(Source(document.text)).warnings)
    except SpaceError as error:
        first = _codes(error.diagnostics)
        headless = "E0104" in first and "E0104" not in _codes(check_document(document).diagnostics)
        return _codes(check_document(document).diagnostics) if headless else first


@pytest.mark.parametrize("name", SPACES)
def test_truncated(name: str) -> None:
    truncate(name, STEP)


def truncate(name: str, step: int) -> None:
    text = SPACES[name]
    knowledge = known(text)
    for end in range(step // 2, len(text), step):
        attack(text[:end], end, knowledge)


EDITS = ["", "{", "}", "(", ")", "[", '"', "\n", "->", "=", ".", "B1.", "\u00f6", "\U0001f600", "#"]


@pytest.mark.parametrize("seed", range(3))
def test_edited_at_random(seed: int) -> None:
    edit_at_random(seed, 12)


def edit_at_random(seed: int, count: int) -> None:
    random = Random(seed)
    text = SPACES[random.choice(sorted(SPACES))]
    knowledge = known(text)
    for _ in range(count):
        start = random.randrange(len(text))
        text = text[:start] + random.choice(EDITS) + text[start + random.randrange(4) :]
        attack(text, min(start + 1, len(text)), knowledge)


ODD = {
    "nothing": "",
    "one character": "\u00f6",
    "half a character": "space one\n# \ud83d here\nlink",
    "carriage returns": "space one\rlet a = 1\rlet b = a",
    "other line ends": "space one\n# a\u2028b\x0cc\x85d\nlet a = 1",
    "an open string": 'space one\nuse "pap',
    "an open bracket": "space one\nlink a -> {b, ",
    "an open block": "space one\nblock cell(a) {\n  node b [a]\n  link b -> ",
    "two headers": "space one\nspace two\n",
    "a genotype of nothing": 'genotype g of "',
    "a genotype of itself": 'genotype g of "one.space"\nn = bn',
    "a file that is not there": 'space one\nuse "nowhere.space"\nuse ""\nuse "../x.space"',
    "deep brackets": "space one\nlet a = " + "(" * 200,
    "deep bodies": "space one\n" + "for i in 1..2 {\n" * 60,
    "declared twice": "space one\nif true {\nnode a [1]\n} else {\nnode a [2]\n}\nlink a -> a",
    "a name within": "space one\nA = cell(1)\nlink a -> b = A.norm >> A[1].x(2)",
    "only rules": "space one\nrule at most one none into\nrule exactly\nrule at",
    "shared": "space one\nshare choice a -> b, c\nshare weights A\nlimit params <= 1.1M",
    "an index": "space one\nfor i in 1..3 {\nB[i] = cell(i)\nlet x = i\n}\nlink B[1].a -> b",
}


@pytest.mark.parametrize("name", ODD)
def test_odd(name: str) -> None:
    for offset in range(0, len(ODD[name]) + 1, max(1, len(ODD[name]) // 12)):
        attack(ODD[name], offset)


def test_files_in_a_ring(tmp_path: Path) -> None:
    documents = Documents()
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{one}.space").write_text(f'space {one}\nuse "{other}.space"\nlet {one} = 1\n')
    path = tmp_path / "a.space"
    document = read(path.read_text(), documents, path.as_uri())
    checked = check_document(document)
    assert _codes(checked.diagnostics) == ["E0702"]
    diagnostics.diagnostics(checked)
    ask_all(View(document, None, checked.diagnostics), 20)


def test_a_fault_of_a_file_that_is_used_is_shown_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "cells.space").write_text("op act = rel\n")
    path = tmp_path / "one.space"
    text = 'space one\nuse "cells.space"\ninput z [4]: noise\noutput b [4]\nlink z -> b = linear\n'
    (found,) = diagnostics.diagnostics(check_document(read(text, uri=path.as_uri())))
    assert found.range == types.Range(types.Position(1, 4), types.Position(1, 17))
    (related,) = found.related_information or ()
    assert related.location.uri == (tmp_path / "cells.space").as_uri()
    assert related.location.range.start == types.Position(0, 9)


def test_what_was_known_outlives_faults_and_moves() -> None:
    text = SPACES["paper"]
    knowledge = known(text)
    moved = "# one\n# two\n" + text.replace("op activate", "op activate = = ")
    view = View(read(moved), knowledge)
    everything = types.Range(types.Position(0, 0), types.Position(999, 0))
    item = types.TextDocumentIdentifier(view.document.uri)
    params = types.InlayHintParams(item, everything)
    hints = OF_CHECKS[types.TEXT_DOCUMENT_INLAY_HINT](view, params)
    assert (24, "12 edges x 7 candidates") in [(h.position.line, h.label) for h in hints]


def test_a_large_text_is_answered() -> None:
    lines = "".join(f"node n{i} [4] then relu\nlink z -> n{i} = relu | tanh\n" for i in range(300))
    attack(f"space one\ninput z [4]: noise\n{lines}", 200)


def test_a_text_that_is_too_large_is_a_fault_and_no_wait(tmp_path: Path) -> None:
    (tmp_path / "big.space").write_text("#" * (MAX_BYTES + 1))
    text = 'space one\nuse "big.space"\n'
    checked = check_document(read(text, uri=(tmp_path / "one.space").as_uri()))
    assert "E0103" in _codes(checked.diagnostics)
    ask_all(View(checked.document, None, checked.diagnostics), 14)


if __name__ == "__main__":
    for name in SPACES:
        truncate(name, 50)
    for seed in range(200):
        edit_at_random(seed, 20)
    print("held")
