"""Genotypes that cut the output off, against all architectures of small spaces."""

from __future__ import annotations

import pytest

from autorecon import SpaceError, loads
from autorecon.lang import shipped_spaces
from autorecon.lang.program import min_cut
from fuzzing.listing import Architecture, Listing

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


HEAD = """space s
choice w = 2 | 4
choice norm = bn | identity
input z [4]: noise
node a, b [w, 2, 2] then norm
output image [1, 2, 2]
link z -> a = linear | none
link z -> b = linear
link a -> b = conv(1) | none
link a -> image = conv(1) | conv(3) | none
link b -> image = conv(1) | none
"""


@pytest.mark.parametrize(
    "rules",
    [
        "rule at most one none into image",
        "rule at most two none",
        "rule exactly one none into image\nrule if w = 4 then z -> a != none",
        "rule if norm = bn then a -> image != none\nrule if norm = identity then w = 2",
        "rule if w = 2 then b -> image != none\nrule w = 2",
        "rule if a -> image = none then b -> image = conv(1)",
        "rule at least three none\nrule norm != bn",
    ],
)
def test_within_rules_it_is_kept_to_them(rules: str) -> None:
    space = loads(HEAD + rules + "\n")
    listing = Listing(space.program)
    cut = [a for a in listing.architectures() if a.cut and _obeys(listing, a)]
    lines = dict(line.split(" = ") for line in space.counterexample)
    assert bool(lines) == bool(cut)
    wanted = {d.name: d.options.index(lines[d.text]) for d in space.decisions if d.text in lines}
    names = list(space.program.decisions)
    if lines:
        assert any(all(a.picks[names.index(n)] == k for n, k in wanted.items()) for a in cut)


def _obeys(listing: Listing, architecture: Architecture) -> bool:
    chosen = [architecture.chosen[edge.name] for edge in listing.edges]
    return listing.obeys(architecture.picks, chosen, architecture.costs)
