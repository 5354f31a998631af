from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import pytest

from autorecon.records.files import PICTURE_LIMIT
from autorecon.report import ReportError
from autorecon.report.embed import read_grid


def test_a_grid_is_embedded_whole(tmp_path: Path, sample: SimpleNamespace) -> None:
    data = sample.png(64, 16)
    (tmp_path / "discovered.png").write_bytes(data)
    grid = read_grid(tmp_path / "discovered.png")
    assert (grid.label, grid.width, grid.height) == ("discovered", 64, 16)
    assert base64.b64decode(grid.uri.removeprefix("data:image/png;base64,")) == data


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a" + bytes(100)])
def test_other_files_are_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.png").write_bytes(data)
    with pytest.raises(ReportError, match=r"a\.png is not a PNG image"):
        read_grid(tmp_path / "a.png")


def test_a_huge_picture_is_refused(tmp_path: Path, sample: SimpleNamespace) -> None:
    (tmp_path / "a.png").write_bytes(sample.png(8, 8) + bytes(PICTURE_LIMIT))
    with pytest.raises(ReportError, match="larger than"):
        read_grid(tmp_path / "a.png")
