from __future__ import annotations

import math
import re

import pytest
from markupsafe import Markup

from autorecon.report.charts import Line, line_chart, stack_chart, strip_chart


def paths(svg: Markup, variable: str) -> list[list[tuple[float, float]]]:
    """The corners of every path that is drawn or filled in a colour of the page."""
    found = re.findall(rf'<path d="([^"]+)"[^>]*style="[^"]*var\(--{variable}\)', svg)
    return [
        [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", d)] for d in found
    ]


def test_a_line_has_the_shape_of_its_numbers() -> None:
    svg = line_chart("loss", [Line([1, 2, 3], [4.0, 2.0, 3.0], "c0")])
    ((first, second, third),) = paths(svg, "c0")
    assert second[0] - first[0] == pytest.approx(third[0] - second[0])
    # Down the page is down in value.
    assert (second[1] - first[1]) / (third[1] - first[1]) == pytest.approx(2.0, rel=1e-3)


def test_a_gap_splits_a_line() -> None:
    svg = line_chart("loss", [Line([1, 2, 3, 4, 5], [1.0, 2.0, math.inf, 2.0, 1.0], "c0")])
    (corners,) = paths(svg, "c0")
    assert len(corners) == 4


def test_a_wide_range_is_logarithmic() -> None:
    svg = line_chart("loss", [Line([1, 2, 3], [1.0, 10.0, 100.0], "c0")])
    ((_, a), (_, b), (_, c)) = paths(svg, "c0")[0]
    assert b - a == pytest.approx(c - b, rel=1e-3)


@pytest.mark.parametrize(
    "values", [[], [math.nan], [2.0], [0.0, 0.0], [-1.0, 1e300], [1e308, -1e308]]
)
def test_odd_numbers_are_drawn(values: list[float]) -> None:
    assert line_chart("loss", [Line(range(len(values)), values, "c0")]).startswith("<svg ")


def test_a_band_is_as_high_as_its_share() -> None:
    svg = stack_chart("edge", [[0.25, 0.75], [0.75, 0.25]], ["c0", "c1"])
    height = float(re.search(r'viewBox="0 0 [\d.]+ ([\d.]+)"', svg)[1])  # type: ignore[index]
    (band,) = paths(svg, "c0")
    tops = {round(x): min(y for x2, y in band if x2 == x) for x, _ in band}
    assert [tops[x] / height for x in sorted(tops)] == pytest.approx([0.75, 0.25], abs=1e-3)


def test_an_epoch_alone_fills_its_panel() -> None:
    (band,) = paths(stack_chart("edge", [[0.5], [0.5]], ["c0", "c1"]), "c0")
    assert max(x for x, _ in band) > min(x for x, _ in band)


def test_seeds_lie_on_their_scale() -> None:
    svg = strip_chart("seeds", [10.0], [20.0, 30.0], "c2", limits=(0.0, 40.0), level=40.0)
    dots = [float(x) for x in re.findall(r'<use [^>]*x="([\d.]+)"', svg)]
    assert len(dots) == 3
    assert dots[2] - dots[1] == pytest.approx(dots[1] - dots[0])


def test_only_the_pages_colours_and_no_file_text() -> None:
    svg = line_chart('<b>"', [Line([1, 2], [1.0, 2.0], "c0")], level=1.5)
    assert 'aria-label="&lt;b&gt;&#34;"' in svg
    assert not re.search(r"#[0-9a-f]{6}", svg)
    assert not re.search(r"<(metadata|g id=|\?xml|!DOCTYPE)", svg)
    assert svg == line_chart('<b>"', [Line([1, 2], [1.0, 2.0], "c0")], level=1.5)


def test_long_runs_are_thinned_and_keep_their_end() -> None:
    ramp = [float(i) for i in range(100_003)]
    (corners,) = paths(line_chart("loss", [Line(ramp, ramp, "c0")]), "c0")
    assert len(corners) <= 202
    (short,) = paths(line_chart("loss", [Line(ramp[:2], [0.0, 100_002.0], "c0")]), "c0")
    assert corners[-1][1] == pytest.approx(short[-1][1])
