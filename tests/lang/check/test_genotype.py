"""Genotypes: where their space is looked for, what is taken from it, and their text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from autorecon.lang import (
    Program,
    Source,
    SpaceError,
    check,
    decide,
    declared_parameters,
    load_program,
    resource_folder,
)
from autorecon.lang.check.genotype import format_genotype
from autorecon.lang.program.flow import is_cut

BASE = """
space base(width = 4)
edge e = conv(3) | identity | none
input z [4]: noise
node a, b [width, 8, 8]
output image [width, 8, 8]
link z -> a = linear
link a -> b = conv(1, bias=false) >> relu | leaky_relu(0.25)
e {a, b} -> image
"""
CHOICES = """
a -> b = leaky_relu(slope=0.25)
a -> image = conv(3)
b -> image = none
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "base.space").write_text(BASE)
    return tmp_path


def read(folder: Path, text: str, **parameters: int) -> Program:
    path = folder / "g.space"
    path.write_text(text)
    return load_program(path, parameters)


def fault_of(folder: Path, text: str) -> str:
    with pytest.raises(SpaceError) as caught:
        read(folder, text)
    (fault,) = caught.value.diagnostics
    assert fault.code == "E0606"
    return fault.message


def test_the_space_lies_in_the_folder_or_below(folder: Path) -> None:
    program = read(folder, f'genotype g of "inner/base.space"{CHOICES}')
    assert program.name == "g"
    assert program.of == "inner/base.space"
    assert [c.text for e in program.edges for c in e.candidates][1:] == [
        "leaky_relu(slope=0.25)", "conv(3)", "none"
    ]  # fmt: skip


def test_a_file_beside_it_comes_before_a_shipped_one(folder: Path) -> None:
    (folder / "paper.space").write_text(BASE)
    assert set(read(folder, f'genotype g of "paper.space"{CHOICES}').nodes) == {
        "z", "a", "b", "image"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["../base.space", "inner/../../base.space", "/etc/hostname"])
def test_no_name_leads_out_of_the_folder(folder: Path, name: str) -> None:
    (folder.parent / "base.space").write_text(BASE)
    assert "leaves the folder" in fault_of(folder, f'genotype g of "{name}"')


def test_no_link_leads_out_of_the_folder(folder: Path) -> None:
    outside = folder.parent / f"{folder.name}-outside"
    outside.mkdir()
    (outside / "base.space").write_text(BASE)
    (folder / "link.space").symlink_to(outside / "base.space")
    (folder / "linked").symlink_to(outside)
    for name in ("link.space", "linked/base.space"):
        assert "no file" in fault_of(folder, f'genotype g of "{name}"{CHOICES}')


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000, "x/" * 3000, ".", "inner", "~", "C:\\x"])
def test_names_that_no_file_has(folder: Path, name: str) -> None:
    assert "no file" in fault_of(folder, f'genotype g of "{name}"')


def test_a_link_to_itself_is_no_file(folder: Path) -> None:
    (folder / "ring.space").symlink_to(folder / "ring.space")
    assert "no file" in fault_of(folder, 'genotype g of "ring.space"')


def test_a_text_without_a_file_finds_shipped_spaces() -> None:
    program = check(Source('genotype g of "gdfq-cifar.space"(channels = 1)\n'))
    assert program.nodes["image"].shape == (1, 32, 32)


def test_what_is_set_from_outside_goes_before_the_header(folder: Path) -> None:
    text = f'genotype g of "inner/base.space"(width = 8){CHOICES}'
    assert read(folder, text).nodes["a"].shape == (8, 8, 8)
    assert read(folder, text, width=6).nodes["a"].shape == (6, 8, 8)


def test_a_fault_of_the_space_is_shown_there_and_says_for_whom(folder: Path) -> None:
    with pytest.raises(SpaceError) as caught:
        read(folder, f'genotype g of "inner/base.space"(width = 0){CHOICES}')
    fault = caught.value.diagnostics[0]
    assert fault.span
    assert fault.span.source.path == folder / "inner" / "base.space"
    ((_, place),) = fault.notes
    assert place
    assert place.source.path == folder / "g.space"


def test_parameters_are_those_of_the_space(folder: Path) -> None:
    source = Source('genotype g of "inner/base.space"\n', "g", folder / "g.space")
    assert list(declared_parameters(source)) == ["width"]


PAPER = load_program(resource_folder("spaces") / "paper.space")


@st.composite
def choices(draw: st.DrawFn) -> dict[str, str]:
    return {name: draw(st.sampled_from(d.options)) for name, d in PAPER.decisions.items()}


@settings(max_examples=15, deadline=None)
@given(choices())
def test_choices_survive_their_text(chosen: dict[str, str]) -> None:
    made = decide(PAPER, chosen, "made", "paper.space")
    assume(not is_cut(made.nodes, (e for e in made.edges if not e.is_cut)))
    again = check(made.source)
    texts = {e.name: [c.text for c in e.candidates] for e in again.edges if e.name in chosen}
    assert texts == {name: [option] for name, option in chosen.items()}
    assert again.chosen == chosen
    assert again == made


def test_choices_that_cut_are_refused() -> None:
    chosen = {name: d.options[-1] for name, d in PAPER.decisions.items()}
    with pytest.raises(SpaceError) as caught:
        check(decide(PAPER, chosen, "made", "paper.space").source)
    assert [d.code for d in caught.value.diagnostics] == ["E0605"]


def test_parameters_that_follow_others_are_not_written(tmp_path: Path) -> None:
    text = "space s(size = 4, rows = size, columns = size)\ninput z [2]: noise\n"
    text += "output image [1, rows, columns]\nlink z -> image = linear | linear(bias=false)\n"
    (tmp_path / "s.space").write_text(text)
    heads = []
    for values in ({"size": 6}, {"rows": 6}, {"size": 6, "columns": 2}):
        base = load_program(tmp_path / "s.space", values)
        chosen = {name: decision.options[0] for name, decision in base.decisions.items()}
        written = format_genotype(base, chosen, "g", "s.space")
        heads.append(written.partition("\n")[0].partition("(")[2])
        (tmp_path / "g.space").write_text(written)
        assert load_program(tmp_path / "g.space").parameters == base.parameters
    assert heads == ["size = 6)", "size = 4, rows = 6)", "size = 6, columns = 2)"]
