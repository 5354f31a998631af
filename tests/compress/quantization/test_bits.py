from __future__ import annotations

import pytest

from autorecon.compress import Bits, CompressError


@pytest.mark.parametrize("text", ["w2a2", "w3a3", "w4a8", "w8a2"])
def test_round_trip(text: str) -> None:
    assert str(Bits.parse(text)) == text


def test_case_and_spaces_around_do_not_matter() -> None:
    assert Bits.parse(" W4A5 ") == Bits(weights=4, activations=5)


@pytest.mark.parametrize("text", ["", "w3", "a3w3", "4", "w3a", "w-3a3", "w3a3x", "w 3a3", "w٣a٣"])
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(CompressError, match="expected the form w3a3") as caught:
        Bits.parse(text)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "fault"),
    [("w1a3", "1 bits for weights"), ("w3a9", "9 bits for activations"), ("w0a0", "choose 2 to 8")],
)
def test_widths_out_of_range_are_refused(text: str, fault: str) -> None:
    with pytest.raises(CompressError, match=fault):
        Bits.parse(text)
