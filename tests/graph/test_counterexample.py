"""Genotypes that cut the output off, against all architectures of small spaces."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autorecon import Space, SpaceError, loads
from autorecon.lang import shipped_spaces
from autorecon.lang.program import min_cut as cuts

PAPER = shipped_spaces()["paper"].read_text("utf-8")


def _fewest(space: Space, parts: Callable) -> int:
    """How many choices of `none` the architectures without a live noise need at least."""
    valid = parts(space)
    options = [range(len(edge.candidates)) for edge in space.choices]
    counts = (
        sum(e.candidates[i].is_none for e, i in zip(space.choices, picks, strict=True))
        for picks in product(*options)
        if picks not in valid
    )
    return min(counts, default=0)


def _completed(space: Space) -> tuple[int, ...]:
    """The counterexample with no other `none` than its own, as picks."""
    lines = dict(line.split(" = ") for line in space.counterexample)
    return tuple(
        [c.text for c in edge.candidates].index(lines[edge.text])
        if edge.text in lines
        else next(i for i, c in enumerate(edge.candidates) if not c.is_none)
        for edge in space.choices
    )


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(data=st.data())
def test_it_is_the_shortest_and_cuts(data: st.DataObject, small_spaces, live_parts) -> None:
    space = data.draw(small_spaces)
    assert len(space.counterexample) == _fewest(space, live_parts)
    if space.counterexample:
        assert _completed(space) not in live_parts(space)


def test_its_lines_are_those_of_a_genotype(tmp_path) -> None:
    (tmp_path / "paper.space").write_text(PAPER)
    space = loads(PAPER)
    assert len(space.counterexample) == 6
    rest = (
        f"{edge.text} = {edge.candidates[0].text}"
        for edge in space.choices
        if not any(line.startswith(f"{edge.text} = ") for line in space.counterexample)
    )
    text = "\n".join(['genotype cut of "paper.space"', *space.counterexample, *rest])
    with pytest.raises(SpaceError, match="E0605") as caught:
        loads(text + "\n")
    help = caught.value.diagnostics[0].help
    assert "`B3.n2 -> B3.n5`, `B3.n3 -> B3.n5`" in help
    assert help.endswith("and 2 more")


def test_none_that_cannot_be_avoided_is_not_counted() -> None:
    text = (
        "space s\ninput z [4]: noise\nnode a, b [4]\noutput image [4]\n"
        "link z -> {a, b} = identity | none\nlink a -> image = none\nlink b -> image = identity\n"
    )
    assert loads(text).counterexample == ("z -> b = none",)


def test_what_takes_too_long_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuts, "MAX_STEPS", 40)
    assert loads(PAPER).counterexample == ()
