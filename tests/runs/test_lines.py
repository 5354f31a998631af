from __future__ import annotations

import errno
import math
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autorecon.runs import Lines, RunError, read_lines, read_stages

TEXT = st.text(max_size=3).filter(lambda text: text != "NaN")
VALUES = st.floats(allow_nan=False) | st.integers(-9, 9) | TEXT
ROWS = st.dictionaries(TEXT, VALUES | st.lists(VALUES, max_size=2), max_size=3)
GENTLE = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@GENTLE
@given(rows=st.lists(ROWS, max_size=3))
def test_rows_come_back(tmp_path: Path, rows: list[dict[str, object]]) -> None:
    path = tmp_path / "metrics.jsonl"
    path.unlink(missing_ok=True)
    for row in rows:
        assert Lines(path).append(row) == path.stat().st_size
    assert read_lines(path) == rows


def test_every_line_is_valid_json(tmp_path: Path) -> None:
    row = {"a": math.nan, "b": [math.inf, {"c": -math.inf}], "d": (1, 2)}
    Lines(tmp_path / "m").append(row)
    line = (tmp_path / "m").read_text()
    assert (
        line
        == '{"a": "NaN", "b": ["Infinity", {"c": "-Infinity"}], "d": [1, 2], "crc32": "3cbf04c7"}\n'
    )
    (back,) = read_lines(tmp_path / "m")
    assert math.isnan(back.pop("a"))
    assert back == {"b": [math.inf, {"c": -math.inf}], "d": [1, 2]}


def test_a_row_that_is_not_json_leaves_the_log_alone(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="object"):
        Lines(tmp_path / "m").append({"a": object()})
    assert read_lines(tmp_path / "m") == []


def test_torn_last_line_is_ignored_then_dropped(tmp_path: Path) -> None:
    log = Lines(tmp_path / "m")
    end = log.append({"a": 1})
    with log.path.open("ab") as file:
        file.write(b'{"a": 2')
    assert read_lines(log.path) == [{"a": 1}]
    assert log.mend() == end == log.size()
    with log.path.open("ab") as file:
        file.write(b'{"a": 3')
    log.append({"a": 4})
    assert read_lines(log.path) == [{"a": 1}, {"a": 4}]


@pytest.mark.parametrize(("line", "reason"), [(b"{", "not JSON"), (b"[]", "not a JSON object")])
def test_whole_bad_line_is_told_by_number(tmp_path: Path, line: bytes, reason: str) -> None:
    (tmp_path / "m").write_bytes(b"{}\n" + line + b"\n{}\n")
    with pytest.raises(RunError, match=rf"m:2: {reason}"):
        read_lines(tmp_path / "m")


def test_truncate_drops_the_rows_after(tmp_path: Path) -> None:
    log = Lines(tmp_path / "m")
    offset = log.append({"a": 1})
    log.append({"a": 2})
    log.truncate(offset)
    log.truncate(offset)
    assert read_lines(log.path) == [{"a": 1}]
    log.truncate(0)
    assert read_lines(log.path) == []


@pytest.mark.parametrize("offset", [3, 10, 1000])
def test_truncate_refuses_another_file(tmp_path: Path, offset: int) -> None:
    log = Lines(tmp_path / "m")
    log.append({"a": 1})
    before = log.path.read_bytes()
    with pytest.raises(RunError, match="does not hold the rows"):
        log.truncate(offset)
    assert log.path.read_bytes() == before


def test_rows_of_no_stage_are_told(tmp_path: Path) -> None:
    log = Lines(tmp_path / "m")
    whole = {"stage": "a", "epoch": 0, "seconds": 1.5}
    wrong = ({"stage": [[]]}, {"epoch": "0"}, {"seconds": "Infinity"}, {"seconds": -1})
    for other in (*wrong, {"stage": None}):
        log.append(whole | other)
    log.append(whole)
    told: list[str] = []
    assert read_stages(log.path, told) == [whole]
    assert len(told) == 5


def test_a_figure_that_changed_is_told(tmp_path: Path) -> None:
    log = Lines(tmp_path / "m")
    for loss in (1.5, 2.5, 3.5):
        log.append({"stage": "a" if loss < 3 else "b", "loss": loss})
    log.path.write_text(log.path.read_text().replace("2.5", "2.6"))
    with pytest.raises(RunError, match=r"m:2: damaged \(checksum\)"):
        read_lines(log.path)
    told: list[str] = []
    assert [row["loss"] for row in read_lines(log.path, told)] == [1.5, 3.5]
    assert len(told) == 1
    log.drop(lambda row: row["stage"] == "a")
    assert [row["loss"] for row in read_lines(log.path)] == [3.5]


def test_full_disk_leaves_whole_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    log = Lines(tmp_path / "m")
    log.append({"a": 1})
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(RunError, match=r"cannot add a row to .*No space left"):
            log.append({"a": 2})
    assert read_lines(log.path) == [{"a": 1}]
