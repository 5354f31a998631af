from __future__ import annotations

import pytest

from autorecon.image_size import (
    height_and_width,
    parse_size,
    show_size,
    size_parameters,
    structured_size,
)


def test_one_number_is_a_square() -> None:
    assert height_and_width(8) == (8, 8)
    assert parse_size("224") == parse_size("224x224") == 224
    assert parse_size("224x160") == structured_size([224, 160]) == (224, 160)
    assert show_size(8) == "8x8"
    assert size_parameters(8) == {"size": 8, "rows": 8, "columns": 8}
    assert size_parameters((8, 6)) == {"rows": 8, "columns": 6}


@pytest.mark.parametrize("value", [0, True, 8.0, "8", None, [8], [8, 0], [8, 8, 8], ["8", "8"]])
def test_what_is_no_size(value: object) -> None:
    with pytest.raises(ValueError, match="a size is a whole number of pixels above 0"):
        structured_size(value)


@pytest.mark.parametrize("text", ["", "x", "8x", "x8", "8x8x8", "-8", "8 x 8", "²", "1e3"])
def test_texts_that_are_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number of pixels"):
        parse_size(text)
