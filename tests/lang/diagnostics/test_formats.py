"""Diagnostics as people and machines get them, against golden texts.

After an intended change, `python tests/lang/diagnostics/test_formats.py` writes the golden texts
anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from autorecon.lang import Diagnostic, Source, SpaceError, Span, check
from autorecon.lang.diagnostics.faults import concise
from autorecon.lang.diagnostics.formats import MAX_EXCERPT, as_json, full, github

FOLDER = Path(__file__).parents[1] / "golden"


def faults_of(text: str, name: str = "program.space") -> tuple[Diagnostic, ...]:
    try:
        check(Source(text, name))
    except SpaceError as error:
        return error.diagnostics
    return ()


def _program() -> tuple[Diagnostic, ...]:
    return faults_of((FOLDER / "program.space").read_text())


FORMATS: dict[str, Callable[[tuple[Diagnostic, ...]], str]] = {
    "full.txt": lambda faults: "\n\n".join(full(d) for d in faults),
    "concise.txt": lambda faults: "\n".join(concise(d) for d in faults),
    "github.txt": lambda faults: "\n".join(github(d) for d in faults),
    "faults.json": as_json,
}


@pytest.mark.parametrize("name", FORMATS)
def test_golden(name: str) -> None:
    assert FORMATS[name](_program()) + "\n" == (FOLDER / name).read_text()


def test_json_offsets_name_the_text_of_the_fault() -> None:
    lines = (FOLDER / "program.space").read_text().split("\n")
    first = json.loads(as_json(_program()))[0]
    assert first["line"] == first["end_line"]
    text = lines[first["line"] - 1][first["column"] - 1 : first["end_column"] - 1]
    assert text == "batch_norm"


def test_colour_changes_nothing_but_the_paint() -> None:
    def paint(text: str, style: str) -> str:
        return f"<{style}>{text}</{style}>"

    for fault in _program():
        painted = full(fault, paint)
        for style in ("error", "help", "dim", "warning"):
            painted = painted.replace(f"<{style}>", "").replace(f"</{style}>", "")
        assert painted == full(fault)


def test_the_caret_stands_under_the_fault() -> None:
    for fault in _program():
        excerpt = full(fault).split("\n")[1:5]
        carets = excerpt[3].index("^"), excerpt[3].rindex("^") + 1
        shown = excerpt[2][slice(*carets)]
        assert fault.span
        assert fault.span.text.replace("\t", " ").startswith(shown)


def test_an_endless_line_is_cut_around_the_fault() -> None:
    text = "space t\nlink z -> image = " + "tanh >> " * 300 + "tan >> " + "tanh >> " * 300
    fault = faults_of(text + "tanh\ninput z [3]: noise\noutput image [3]\n")[0]
    excerpt = full(fault).split("\n")[3:5]
    assert max(map(len, excerpt)) < MAX_EXCERPT + 20
    assert excerpt[0][excerpt[1].index("^") :].startswith("tan >>")


def test_a_fault_without_a_place_has_a_headline_and_help() -> None:
    fault = Diagnostic("E0103", "cannot read x.space", None, "check the name")
    assert full(fault) == "error[E0103]: cannot read x.space\n  = help: check the name"
    assert concise(fault) == "E0103 cannot read x.space (check the name)"
    assert github(fault) == "::error title=E0103::cannot read x.space (check the name)"
    assert json.loads(as_json([fault]))[0]["message"] == "cannot read x.space"


def test_commands_for_github_are_escaped() -> None:
    fault = Diagnostic("E0101", "100%\nwrong", Span(0, 1, Source("x", "a:b,c.space")), "a, b")
    start = "::error file=a%3Ab%2Cc.space,line=1,col=1,title=E0101::"
    assert github(fault) == start + "100%25%0Awrong (a, b)"


def test_a_fault_over_several_lines_is_marked_to_the_end_of_its_first() -> None:
    source = Source("one\ntwo three\nfour\n", "t.space")
    fault = Diagnostic("E0101", "wrong", Span(8, 17, source))
    assert full(fault).endswith("2 | two three\n  |     ^^^^^")


def test_a_place_in_a_graph_has_a_name_and_no_line() -> None:
    source = Source("link a -> b = tan\n", places=("edge a->b", ""))
    note = ("it was here", Span(0, 0, Source("", places=("node a",))))
    fault = Diagnostic("E0202", "unknown", Span(14, 17, source), "write `tanh`", notes=(note,))
    assert full(fault) == (
        "error[E0202]: unknown\n --> edge a->b\n  |\n  | link a -> b = tan\n"
        "  |               ^^^\n  = note: it was here\n --> node a\n  = help: write `tanh`"
    )
    assert concise(fault) == "edge a->b: E0202 unknown (write `tanh`)"
    (record,) = json.loads(as_json([fault]))
    assert record["place"] == "edge a->b"
    assert "line" not in record


def test_a_name_that_is_unknown_in_many_places_is_one_fault() -> None:
    links = "".join(f"link z -> n{i} = linaer >> relu\n" for i in range(12))
    nodes = ", ".join(f"n{i}" for i in range(12))
    text = f"space s\ninput z [4]: noise\nnode {nodes} [4]\noutput image [4]\n{links}"
    with pytest.raises(SpaceError) as caught:
        check(Source(text))
    (fault,) = caught.value.diagnostics
    lines = "6, 7, 8, 9, 10, 11, 12, 13, ..."
    assert fault.notes == ((f"and 11 more places, on lines {lines}", None),)
    assert "note: and 11 more places" in full(fault)


if __name__ == "__main__":
    for file, show in FORMATS.items():
        (FOLDER / file).write_text(show(_program()) + "\n")
