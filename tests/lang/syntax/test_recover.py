"""A text that is half written is read as far as it goes, and says what `parse` says."""

from __future__ import annotations

import pytest

from autorecon.lang import SpaceError, shipped_spaces
from autorecon.lang.source import Source
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import parse, recover

HALF = """\
space half
let a = 1
let b = = 2
block cell(n) {
  in x [n]
  out y [n]
  link x ->
  link x -> y = relu
}
A = cell(a
for i in 1..2 {
  node c[i] [a]
  let broken =
"""


def test_statements_around_faults_are_read_once() -> None:
    found = recover(Source(HALF))
    assert found.file is None
    _, let, block, instance, loop = found.statements
    assert [st.name.text for st in (let, block, instance)] == ["a", "cell", "A"]  # mended
    assert [type(item) for item in block.items] == [s.NodeDecl, s.NodeDecl, s.EdgeStatement]
    assert [type(item) for item in loop.items] == [s.NodeDecl]


@pytest.mark.parametrize("end", range(1, len(HALF), 7))
def test_the_faults_are_those_of_parsing(end: int) -> None:
    source = Source(HALF[:end])
    found = recover(source)
    if found.file:
        assert parse(source) == found.file
        return
    with pytest.raises(SpaceError) as error:
        parse(source)
    assert error.value.diagnostics == found.faults


@pytest.mark.parametrize("name", shipped_spaces())
def test_a_fault_behind_everything_takes_nothing_away(name: str) -> None:
    text = shipped_spaces()[name].read_text("utf-8")
    whole = recover(Source(text))
    assert whole.file
    assert recover(Source(f"{text}let = (\n")).statements == whole.statements
