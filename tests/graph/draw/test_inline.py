from __future__ import annotations

import pytest

from autorecon.graph import loads
from autorecon.graph.draw.inline import SVG_LIMIT, inline_svg
from autorecon.graph.draw.render import DrawError, svg

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
PLAIN = "space plain(size = 4)\ninput z [3, size, size]: noise\noutput x [3, size, size]\n"


def test_our_own_drawings_pass() -> None:
    space = loads(PLAIN + "link z -> x = conv(3) >> tanh\n")
    drawing = inline_svg(svg(space), 'the "plain" space')
    assert drawing.startswith('<svg role="img" aria-label="the &quot;plain&quot; space"')
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
    with pytest.raises(DrawError, match="the drawing of a space"):
        inline_svg(text, "a space")


def test_a_comment_that_html_ends_early_is_dropped() -> None:
    drawing = inline_svg(f"{HEAD}><!--><script>alert(1)</script>--><g/></svg>", "a space")
    assert "script" not in drawing


def test_a_huge_drawing_is_refused() -> None:
    with pytest.raises(DrawError, match="larger than"):
        inline_svg(f"{HEAD}>{' ' * SVG_LIMIT}</svg>", "a space")
