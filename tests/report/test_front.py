"""The Pareto front of a search, read and shown."""

from __future__ import annotations

import json

import pytest

from autorecon.records.errors import RecordError
from autorecon.records.front import read_front
from autorecon.report.inputs import read_inputs
from autorecon.report.page import render

ROWS = [
    {"file": "front/01.space", "id": "K2M9Q-01", "chosen": False, "macs": 1_500,
     "parameters": 90, "losses": {"total": 2.5, "ce": 2.5}},
    {"file": "front/02.space", "id": "K2M9Q-02", "chosen": True, "macs": 2_000_000,
     "parameters": 120, "losses": {"total": 1.25, "ce": 1.25}},
]  # fmt: skip


@pytest.fixture
def with_front(finished):
    finished.front_path.mkdir()
    (finished.front_path / "front.json").write_text(json.dumps(ROWS))
    return finished


def test_a_run_without_a_front(finished):
    assert read_front(finished.front_table_path) == []
    assert "Pareto front" not in render(read_inputs(finished))


def test_rows_are_shown_with_what_the_run_went_on_with(with_front):
    assert [row.total for row in read_front(with_front.front_table_path)] == [2.5, 1.25]
    page = render(read_inputs(with_front))
    table = page[page.index("Pareto front") :]
    table = table[: table.index("</table>")]
    assert "front/02.space <b>(genotype.space)</b>" in table
    assert "<code>K2M9Q-01</code>" in table
    assert ">2.5000<" in table


@pytest.mark.parametrize(
    "text",
    ["not json", '[{"file": 3}]', json.dumps([ROWS[0] | {"losses": {}}]), '[{"file": "x"}]', "{}x"],
)
def test_a_file_that_is_something_else_is_named(with_front, text):
    (with_front.front_path / "front.json").write_text(text)
    with pytest.raises(RecordError, match=r"front\.json"):
        read_front(with_front.front_table_path)
