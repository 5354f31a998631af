"""A line a cell: what comes back, what is left out, and what is told of damage."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecon.records.cells import CellLog, CellRecord, Made, changed, difference
from autorecon.records.errors import RecordError
from autorecon.runs import RunError, read_lines

SCALARS = st.integers(-2, 2) | st.booleans() | st.sampled_from([0.0, 1.0, "", "a"])
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
TABLES = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)
FIRST = CellRecord(
    "t/w3a3/g/seed0",
    {"seeds": [0], "space": {"file": "g", "set": {"width": 2}}},
    steps=6,
    seconds=1.5,
    accuracy=50.0,
    generator=Made(10, 100),
    software={"torch": "2.8", "commit": "a"},
)
SECOND = attrs.evolve(
    FIRST,
    cell="t/w3a3/h/seed1",
    settings={"seeds": [1], "space": {"file": "h", "set": {}}},
    accuracy=None,
    error="diverged",
    software={"torch": "2.8", "commit": "b"},
)


@given(TABLES, TABLES)
def test_a_difference_makes_one_of_the_other(base: dict[str, Any], whole: dict[str, Any]) -> None:
    again = changed(base, difference(base, whole))
    assert json.dumps(again, sort_keys=True) == json.dumps(whole, sort_keys=True)
    assert difference(base, base) == {}


@pytest.fixture
def log(tmp_path: Path) -> CellLog:
    made = CellLog(tmp_path / "records.jsonl")
    for record in (FIRST, SECOND):
        made.append("compress", record)
    return made


def test_records_come_back_and_lines_hold_what_differs(log: CellLog) -> None:
    again = CellLog(log.path)
    assert again.read() == {FIRST.cell: FIRST, SECOND.cell: SECOND}
    again.append("compress", FIRST)
    shared, first, second, third = read_lines(log.path)
    assert shared == {
        "format": 2, "kind": "compress", "settings": FIRST.settings, "software": FIRST.software,
    }  # fmt: skip
    assert first == third
    assert first == {
        "kind": "compress", "cell": FIRST.cell, "steps": 6, "seconds": 1.5, "accuracy": 50.0,
        "generator": {"parameters": 10, "macs": 100},
    }  # fmt: skip
    assert second["settings"] == {"seeds": [1], "space": {"file": "h", "set": {"width": None}}}
    assert second["software"] == {"commit": "b"}


def test_the_last_line_of_a_cell_counts(log: CellLog) -> None:
    log.append("compress", attrs.evolve(FIRST, accuracy=60.0))
    assert log.read()[FIRST.cell].accuracy == 60


def test_half_a_line_is_no_record(log: CellLog) -> None:
    whole = log.path.read_bytes()
    log.path.write_bytes(whole[:-5])
    assert list(log.read()) == [FIRST.cell]
    assert log.mend()
    assert not log.mend()
    assert list(log.read()) == [FIRST.cell]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"accuracy": 50.0', '"accuracy": "50"', ":2 is not as it was written .*accuracy"),
        (
            '"accuracy": 50.0',
            '"genotype": "../x"',
            ":2 is not as it was written .*'../x' is no genotype",
        ),
        ('"steps": 6', '"settings": 6', ":2 is not as it was written .*settings"),
        ('"kind": "compress", "cell"', '"kind": "search", "cell"', ":2 lacks the line before it"),
        ('"format": 2', '"format": 3', ":1 has the format 3, and this version reads 2"),
        ('"software"', '"s"', ":1 is not as it was written"),
    ],
)
def test_damage_is_told_with_its_line_and_what_to_do(
    log: CellLog, old: str, new: str, told: str
) -> None:
    unsealed = re.sub(', "crc32": "[0-9a-f]{8}"', "", log.path.read_text())
    log.path.write_text(unsealed.replace(old, new, 1))
    with pytest.raises(RecordError, match=told) as caught:
        log.read()
    assert "put the file back as it was" in str(caught.value) or "go on with" in str(caught.value)
    assert caught.value.exit_code == 2


def test_a_figure_that_changed_is_told(log: CellLog) -> None:
    log.path.write_text(log.path.read_text().replace("50.0", "58.0", 1))
    with pytest.raises(
        RunError, match=r"records\.jsonl:2: damaged .*: put the file back as it was"
    ):
        log.read()


@pytest.mark.parametrize("line", ["{", "[]", "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900])
def test_what_is_no_json_object_is_told(log: CellLog, line: str) -> None:
    log.path.write_text(f"{line}\n")
    with pytest.raises(RunError, match=r"records\.jsonl:1: not .*: put the file back as it was"):
        log.read()
