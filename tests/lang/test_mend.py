"""Texts that are mended, as far as their fixes go."""

from __future__ import annotations

import pytest

from autorecon.graph.faults import faults_of
from autorecon.lang import Source
from autorecon.lang.mend import mend

HEAD = "space s(size = 16)\ninput z [8]: noise\noutput image [3, size, size]\n"
END = "link z -> image = linear\n"


def mended(text: str, *, unsafe: bool = False) -> str:
    return mend(Source(text), faults_of, unsafe=unsafe).source.text


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("link z -> image = Linear(bias=False)", "link z -> image = linear(bias=false)"),
        ("Link z -> image = linear // a comment", "link z -> image = linear # a comment"),
        ("let a = 2**3 // 2\n" + END, "let a = 2^3 / 2\n" + END),
        ("link z \u2212 > image = linear", "link z -> image = linear"),
        (
            "edge e = linear |  # first\n  Linear >>\n  relu\ne z -> image",
            "edge e = linear  # first\n  | linear\n  >> relu\ne z -> image",
        ),
        (
            "block c { in a [8], out b [3, size, size], link a -> b = linear }\n"
            "A = c\nlink z -> A.a = relu\nlink A.b -> image = relu",
            "block c { in a [8]\nout b [3, size, size]\nlink a -> b = linear }\n"
            "A = c\nlink z -> A.a = relu\nlink A.b -> image = relu",
        ),
        (
            "Choice n = 8 | 16 apart\nchoice norm apart = bn | relu\n"
            "node a [n], norm >> relu\nlink z -> a = linear\nlink a -> image = linear",
            "choice n apart = 8 | 16\nchoice norm = bn | relu\n"
            "node a [n] then norm >> relu\nlink z -> a = linear\nlink a -> image = linear",
        ),
    ],
)
def test_what_is_certain_is_mended_one_fault_behind_the_other(wrong: str, right: str) -> None:
    assert mended(f"{HEAD}{wrong}\n") == f"{HEAD}{right}\n"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("link z -> imag = linaer", "link z -> image = linear"),
        ("node a [8, 8, 3]\nlink z -> a = linear\nlink a -> image = linear",) * 2,
        (
            "link z -> image = linear >> bn(3) >> conv(3, 2)",
            "link z -> image = linear >> bn >> conv(3)",
        ),
        ("link z -> image = linear >> conv(3, out=1)",) * 2,
        (
            "choice n = 8 | 16\nnode a [n]\nlink z -> a = linear | linear(2) >> linear\n"
            "link a -> image = linear\nrule if n = 8, z -> a = linear",
            "choice n = 8 | 16\nnode a [n]\nlink z -> a = linear | linear(2) >> linear\n"
            "link a -> image = linear\nrule if n = 8 then z -> a = linear",
        ),
    ],
)
def test_what_may_not_be_meant_is_mended_if_asked_for(wrong: str, right: str) -> None:
    text = f"{HEAD}{wrong}\n"
    assert mended(text) == text
    if wrong != right:
        assert mended(text, unsafe=True) == f"{HEAD}{right}\n"


def test_line_ends_stay() -> None:
    text = f"{HEAD}edge e = Linear |\n  relu\ne z -> image\n".replace("\n", "\r\n")
    after = mended(text, unsafe=True)
    assert "\r\n  | relu\r\n" in after
    assert after.count("\n") == after.count("\r\n")


def test_a_change_after_which_as_much_is_wrong_is_not_made() -> None:
    """`imag` is near, but an image has no edges out of it."""
    text = f"{HEAD}{END}link imagee -> z = linear\n"
    found = mend(Source(text), faults_of, unsafe=True)
    assert len(found.left) <= len(faults_of(Source(text)))


def test_a_file_of_declarations_is_mended_too() -> None:
    assert mended("op act = ReLU\n") == "op act = relu\n"
