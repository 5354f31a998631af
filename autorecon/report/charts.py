"""Charts as inline SVG whose colours are the page's CSS variables, so that they follow its scheme.

Only numbers are drawn: every word around a chart is HTML. The same numbers give the same bytes.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import attrs
from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that no chart uses otherwise; each is replaced by the variable of its place in this list.
_VARIABLES = ("ink", "muted", "rule", "paper", *(f"c{i}" for i in range(8)), "c-none", "c-keep")
_SENTINEL = re.compile(r"#f0(?P<place>[0-9a-f]{2})0f")
_POINTS = 200  # more along a line would not be seen
_NO_METADATA = {"Date": None, "Creator": None, "Format": None, "Type": None}


def sentinel(variable: str) -> str:
    """What matplotlib is given for a CSS variable of the page."""
    return f"#f0{_VARIABLES.index(variable):02x}0f"


@attrs.frozen
class Line:
    """A line through (x, y); numbers that are not finite leave gaps."""

    x: Sequence[float]
    y: Sequence[float]
    colour: str
    width: float = 1.6
    alpha: float = 1.0
    style: str = "-"


def is_drawn(value: float) -> bool:
    """Whether an axis can reach so far: sums of its ends must be numbers."""
    return math.isfinite(value) and abs(value) < 1e100


def line_chart(
    name: str,
    lines: Sequence[Line],
    *,
    level: float | None = None,
    bottom: float | None = None,
    top: float | None = None,
) -> Markup:
    """Lines over epochs; `level` is a dashed line across, `bottom` and `top` fix the axis.

    The axis is logarithmic where all is positive and the largest is above 30 times the smallest.
    """
    figure = _figure(3.3, 2.0)
    axes = figure.add_axes((0.13, 0.14, 0.85, 0.82))
    for line in lines:
        _draw(axes, line)
    if level is not None and is_drawn(level):
        axes.axhline(level, color=sentinel("muted"), linewidth=1, dashes=(4, 3))
    if bottom is None and top is None and _spans_decades(lines):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom, top)
    _dress(axes)
    return _svg(figure, name, 'class="chart"')


def stack_chart(name: str, bands: Sequence[Sequence[float]], colours: Sequence[str]) -> Markup:
    """Shares that sum to 1 as bands over epochs, without axes, to be stretched by the page."""
    from matplotlib.patches import Polygon

    figure = _figure(2.0, 0.8)
    floor = [0.0] * len(bands[0])
    for band, colour in zip(bands, colours, strict=True):
        top = [below + share for below, share in zip(floor, band, strict=True)]
        corners = [*_across(top), *reversed(_across(floor))]
        # On the figure itself: axes, which nobody would see, take ten times as long.
        patch = Polygon(corners, color=sentinel(colour), linewidth=0)
        figure.add_artist(patch)
        floor = top
    return _svg(figure, name, 'class="stack" preserveAspectRatio="none"')


def strip_chart(
    name: str,
    hollow: Sequence[float],
    filled: Sequence[float],
    colour: str,
    *,
    limits: tuple[float, float],
    level: float | None,
) -> Markup:
    """Two kinds of dots on one scale, with a tick at `level`: every seed of a generator."""
    figure = _figure(1.9, 0.3)
    axes = figure.add_axes((0.03, 0, 0.94, 1))
    axes.set_axis_off()
    axes.axhline(0, color=sentinel("rule"), linewidth=1)
    if level is not None and is_drawn(level):
        axes.plot([level, level], [-0.7, 0.7], color=sentinel("muted"), linewidth=1.4)
    for values, inside in ((hollow, "paper"), (filled, colour)):
        (dots,) = axes.plot(values, [0] * len(values), "o", markersize=6, clip_on=False)
        dots.set_markerfacecolor(sentinel(inside))
        dots.set_markeredgecolor(sentinel(colour))
    axes.set_xlim(*limits)
    axes.set_ylim(-1, 1)
    return _svg(figure, name, 'class="strip"')


def _across(heights: Sequence[float]) -> list[tuple[float, float]]:
    """Corners from the left edge of a figure to its right; one height makes a level line."""
    thin = _thinned(heights)
    thin = thin * 2 if len(thin) == 1 else thin
    return [(index / (len(thin) - 1), height) for index, height in enumerate(thin)]


def _figure(width: float, height: float) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    figure.patch.set_visible(False)
    return figure


def _draw(axes: Axes, line: Line) -> None:
    finite = [y if is_drawn(y) else math.nan for y in line.y]
    alone = sum(is_drawn(y) for y in finite) == 1
    axes.plot(
        _thinned(line.x),
        _thinned(finite),
        color=sentinel(line.colour),
        linewidth=line.width,
        alpha=line.alpha,
        linestyle=line.style,
        marker="o" if alone else None,
        markersize=4,
        solid_capstyle="round",
        solid_joinstyle="round",
    )


def _dress(axes: Axes) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.patch.set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6, min_n_ticks=1))
    axes.grid(axis="y", color=sentinel("rule"), linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(sentinel("muted"))
    muted = sentinel("muted")
    axes.tick_params(which="both", color=muted, labelcolor=muted, length=2, labelsize=9)
    axes.tick_params(axis="y", which="both", length=0)


def _spans_decades(lines: Sequence[Line]) -> bool:
    values = [y for line in lines for y in line.y if is_drawn(y)]
    return bool(values) and min(values) > 0 and max(values) / min(values) > 30


def _thinned(values: Sequence[float]) -> list[float]:
    """At most about `_POINTS` of them, evenly, the last one included."""
    step = max(1, math.ceil(len(values) / _POINTS))
    return list(values[::step]) if (len(values) - 1) % step == 0 else [*values[::step], values[-1]]


def _svg(figure: Figure, name: str, attributes: str) -> Markup:
    """The figure as an element that HTML can hold: no prolog, no ids but those that are used."""
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "autorecon", "path.simplify": False}):
        figure.savefig(buffer, format="svg", metadata=_NO_METADATA)
    text = buffer.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.S)
    text = re.sub(r'<g id="[^"]*"', "<g", text)
    text = _SENTINEL.sub(lambda m: f"var(--{_VARIABLES[int(m['place'], 16)]})", text)
    start = f'<svg role="img" aria-label="{escape(name)}" {attributes} '
    text = re.sub(r'^<svg [^>]*?(viewBox="[^"]*")[^>]*>', lambda m: f"{start}{m[1]}>", text)
    return Markup(re.sub(r"\s*\n\s*", "\n", text))
