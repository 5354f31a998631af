"""Numbers and ids of architectures: exact both ways, and nothing else is taken for one."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecon.graph import Space, load, loads
from autorecon.graph.architectures.codec import ArchitectureError, Codec
from autorecon.graph.architectures.ids import DIGITS, from_id, to_id
from autorecon.lang import resource_folder

TEXT = """
space tiny(width = 3)
input z [width]: noise
node a [width]
output image [width]
link z -> a = identity | linear | none
link z -> image = none | identity
link a -> image = linear
"""


@pytest.fixture
def tiny() -> Space:
    return loads(TEXT)


@pytest.fixture(scope="module")
def paper() -> Space:
    return load(resource_folder("spaces") / "paper.space")


def _value(radices: list[int], picks: tuple[int, ...]) -> int:
    """Mixed radix, one digit after the other."""
    value = 0
    for radix, pick in zip(radices, picks, strict=True):
        value = value * radix + pick
    return value


@given(st.lists(st.integers(1, 9), max_size=12), st.data())
def test_picks_and_numbers_are_one_to_one(radices: list[int], data: st.DataObject) -> None:
    codec = Codec(radices)
    number = data.draw(st.integers(0, codec.size - 1))
    picks = codec.decode(number)
    assert codec.encode(picks) == number == _value(radices, picks)


def test_numbers_follow_the_order_of_the_text(tiny: Space) -> None:
    assert [tiny.codec.decode(n) for n in range(6)] == list(product(range(3), range(2)))


def test_an_option_list_longer_than_a_table_is_coded_too() -> None:
    codec = Codec([3, 5_000, 2])
    assert codec.decode(codec.encode((2, 4_999, 1))) == (2, 4_999, 1)
    assert codec.encode((2, 4_999, 1)) == codec.size - 1


def test_a_space_without_choices_has_one_architecture() -> None:
    assert Codec([]).decode(0) == ()
    assert Codec([]).encode(()) == 0


@pytest.mark.parametrize("picks", [(0,), (0, 0, 0), (3, 0), (0, -1), ()])
def test_picks_of_something_else_are_refused(tiny: Space, picks: tuple[int, ...]) -> None:
    with pytest.raises(ArchitectureError, match="do not fit 2 decisions"):
        tiny.codec.encode(picks)


@pytest.mark.parametrize("number", [-1, 6])
def test_numbers_out_of_range_are_refused(tiny: Space, number: int) -> None:
    with pytest.raises(ArchitectureError, match="they are 0 to 5"):
        tiny.codec.decode(number)


def test_a_genotype_has_a_number_and_a_number_a_genotype(tiny: Space) -> None:
    genotype = tiny.decode(3)
    assert [e.candidates[0].text for e in genotype.edges] == ["linear", "identity", "linear"]
    assert tiny.encode(genotype) == 3


def test_genotypes_of_other_spaces_are_refused(tiny: Space) -> None:
    other = loads(TEXT.replace("linear | none", "linear >> tanh"))
    with pytest.raises(ArchitectureError, match=r"`linear >> tanh` is no candidate of z -> a"):
        tiny.encode(other.decode(2))
    with pytest.raises(ArchitectureError, match="no genotype of tiny"):
        tiny.encode(loads(TEXT.replace("link z -> image = none | identity\n", "")))
    with pytest.raises(ArchitectureError, match="no genotype of tiny"):
        tiny.encode(tiny)


def test_ids_stay_what_they_are(tiny: Space) -> None:
    # Written down once: an id in somebody's notes must name the same architecture for ever.
    ids = [tiny.architecture_id(tiny.decode(number)) for number in (3, 4)]
    assert ids == ["T1CV6-3W", "T1CV6-4J"]


def test_an_id_leads_back_however_it_is_written(paper: Space) -> None:
    number = paper.architectures // 3
    text = to_id(paper, number)
    assert len(text) == len("FPRNT-") + 14 + 1
    for written in (
        text,
        text.lower(),
        text.replace("-", ""),
        text.replace("0", "o"),
        f" {text}\n",
    ):
        assert from_id(paper, written) == number
    assert paper.architecture_id(paper.from_id(text)) == text


@given(st.integers(0, 2**60), st.data())
def test_no_single_wrong_character_and_no_exchange_is_missed(
    paper: Space, number: int, data: st.DataObject
) -> None:
    text = to_id(paper, number).replace("-", "")
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(DIGITS.replace(text[place], "")))
    with pytest.raises(ArchitectureError):
        from_id(paper, text[:place] + other + text[place + 1 :])
    swapped = text[:place] + text[place : place + 2][::-1] + text[place + 2 :]
    if swapped != text:
        with pytest.raises(ArchitectureError):
            from_id(paper, swapped)


def test_an_id_of_another_space_is_refused(paper: Space) -> None:
    wider = load(resource_folder("spaces") / "paper.space", width=128)
    with pytest.raises(
        ArchitectureError, match=f"of paper, set as it is, begin with {paper.fingerprint}"
    ):
        from_id(paper, to_id(wider, 7))


@pytest.mark.parametrize("text", ["", "K2M9Q", "not an id!", "UUUUU-UUUU"])
def test_what_is_no_id_is_refused(paper: Space, text: str) -> None:
    with pytest.raises(ArchitectureError, match="no architecture's id"):
        from_id(paper, text)


def test_the_fingerprint_is_the_space_but_not_its_name(tiny: Space) -> None:
    assert loads(TEXT.replace("space tiny", "space small")).fingerprint == tiny.fingerprint
    for old, new in [("identity | linear", "linear | identity"), ("width = 3", "width = 4")]:
        assert loads(TEXT.replace(old, new)).fingerprint != tiny.fingerprint
