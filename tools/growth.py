"""Spaces of any number of edges and candidates, and a drawing of how the time of a step grows."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from itertools import combinations, pairwise
from pathlib import Path

import autorecon
from autorecon.graph import Space

Point = tuple[int, list[float]]  # a number of edges or candidates, and seconds

TEXT = """space generated
edge normal keeps = {candidates}
input z [8]: noise
{nodes}
output image [16, 16, 16]
link z -> n0 = linear
{edges}
link n{last} -> image = conv(1)
"""
CANDIDATES = [
    "conv(1)", "conv(3)", "conv(5)", "conv(3, dilation=2)", "conv(5, dilation=2)", "identity",
    "conv(7)", "conv(3, dilation=3)", "conv(5, dilation=3)", "conv(1, bias=false)",
]  # fmt: skip


def chain(edges: int, candidates: int) -> Space:
    """Nodes in a row, each with an edge to the next."""
    return _space(edges + 1, pairwise(range(edges + 1)), candidates)


def dense(nodes: int, candidates: int) -> Space:
    """Nodes in a row, each with an edge to every later one."""
    return _space(nodes, combinations(range(nodes), 2), candidates)


def _space(nodes: int, edges: Iterable[tuple[int, int]], candidates: int) -> Space:
    named = [f"node n{k} [16, 16, 16] then bn >> relu" for k in range(nodes)]
    return autorecon.loads(
        TEXT.format(
            candidates=" | ".join(CANDIDATES[:candidates]),
            nodes="\n".join(named),
            edges="\n".join(f"normal n{a} -> n{b}" for a, b in edges),
            last=nodes - 1,
        )
    )


def plot(path: Path, curves: Mapping[str, list[Point]]) -> None:
    """Medians with the range between the quartiles, beside a line in proportion to the last."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    # Text stays text, and equal curves are equal files.
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "growth"}
    figure, axes = pyplot.subplots(1, len(curves), figsize=(9, 2.8), layout="constrained")
    for axis, (name, points) in zip(axes, curves.items(), strict=True):
        counts = [n for n, _ in points]
        low, middle, high = zip(*(_quartiles(s) for _, s in points), strict=True)
        axis.plot([0, counts[-1]], [0, middle[-1]], ":", color="gray", label="in proportion")
        axis.plot(counts, middle, "o-", label="measured")
        axis.fill_between(counts, low, high, alpha=0.2)
        axis.set(xlabel=name, ylabel="ms a step", xlim=(0, None), ylim=(0, None))
        axis.locator_params(axis="x", integer=True)
        axis.legend(loc="upper left", frameon=False)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)


def _quartiles(seconds: list[float]) -> tuple[float, float, float]:
    """In milliseconds."""
    low, middle, high = statistics.quantiles(seconds, n=4, method="inclusive")
    return low * 1e3, middle * 1e3, high * 1e3
