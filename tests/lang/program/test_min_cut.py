"""Genotypes that cut the output off, against all architectures of small spaces."""

from __future__ import annotations

import pytest

from autorecon import SpaceError, loads
from autorecon.lang import shipped_spaces
from autorecon.lang.program import min_cut

PAPER = shipped_spaces()["paper"].read_text("utf-8")


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
    monkeypatch.setattr(min_cut, "MAX_STEPS", 40)
    assert loads(PAPER).counterexample == ()
