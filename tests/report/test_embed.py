from __future__ import annotations

import base64
from pathlib import Path
from types import SimpleNamespace

import pytest

from autorecon.graph import loads
from autorecon.graph.draw.render import svg
from autorecon.records.files import PICTURE_LIMIT
from autorecon.report import ReportError
from autorecon.report.embed import SVG_LIMIT, inline_svg, read_grid

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
PLAIN = "space plain(size = 4)\ninput z [3, size, size]: noise\noutput x [3, size, size]\n"


def test_our_own_drawings_pass() -> None:
    space = loads(PLAIN + "link z -> x = conv(3) >> tanh\n")
    drawing = inline_svg(svg(space), 'the "plain" space')
    assert drawing.startswith('<svg role="img" aria-label="the &#34;plain&#34; space"')
    assert "conv3" in drawing
    assert "<!--" not in drawing
    assert ' id="node' not in drawing


@pytest.mark.parametrize(
    "body",
    [
        "<script>alert(1)</script>",
        '<g onclick="alert(1)"/>',
        '<g ONCLICK="alert(1)"/>',
        '<a xlink:href="javascript:alert(1)"/>',
        '<a href="https://example.org"/>',
        '<g style="fill: url(https://example.org/x)"/>',
        '<image href="#a"/>',
        "<foreignObject/>",
        "<style>@import 'x'</style>",
        "<text><![CDATA[<script>]]></text>",
        "<g>",
        "",
    ],
)
def test_what_runs_or_fetches_is_refused(body: str) -> None:
    text = f"{HEAD}>{body}</svg>" if body else "no drawing"
    with pytest.raises(ReportError, match="the drawing of a space"):
        inline_svg(text, "a space")


def test_a_comment_that_html_ends_early_is_dropped() -> None:
    drawing = inline_svg(f"{HEAD}><!--><script>alert(1)</script>--><g/></svg>", "a space")
    assert "script" not in drawing


def test_a_huge_drawing_is_refused() -> None:
    with pytest.raises(ReportError, match="larger than"):
        inline_svg(f"{HEAD}>{' ' * SVG_LIMIT}</svg>", "a space")


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
