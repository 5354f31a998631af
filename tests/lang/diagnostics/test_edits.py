"""What mends a fault, as edits of the text."""

from __future__ import annotations

import pytest

from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.diagnostics.edits import Fix

HEAD = "space s(size = 16)\ninput z [8]: noise\noutput image [3, size, size]\n"


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpaceError) as error:
        check(Source(text))
    return error.value.diagnostics


def mended(text: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


@pytest.mark.parametrize(
    ("wrong", "right", "safe"),
    [
        ("link z -> image = lnear", "link z -> image = linear", False),
        ("link z -> image = Linear", "link z -> image = linear", True),
        ("link z -> image = linear >> ReLU", "link z -> image = linear >> relu", True),
        ("lnk z -> image = linear", "link z -> image = linear", False),
        ("link z -> imag = linear", "link z -> image = linear", False),
        ("link z -> image = linear(siez)", "link z -> image = linear(size)", False),
        ("link z -> image = Dense", "link z -> image = linear", False),
    ],
)
def test_the_first_fix_of_a_misspelt_name(wrong: str, right: str, safe: bool) -> None:
    fault, *_ = faults(f"{HEAD}{wrong}\n")
    fix = fault.fixes[0]
    assert mended(f"{HEAD}{wrong}\n", fix) == f"{HEAD}{right}\n"
    assert fix.safe == safe
    assert fix.title.startswith("write `")


def test_a_name_misspelt_in_many_places_is_mended_in_all() -> None:
    text = f"{HEAD}node a [siez, siez, siez]\nlink z -> {{a, image}} = linear\n"
    (fault,) = faults(text)
    assert "siez" not in mended(text, fault.fixes[0])


def test_what_is_like_nothing_has_no_fix() -> None:
    (fault,) = faults(f"{HEAD}link z -> image = dropout\n")
    assert not fault.fixes
