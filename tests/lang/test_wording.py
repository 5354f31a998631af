from __future__ import annotations

from autorecon.lang.wording import brief, plural, some


def test_plural() -> None:
    found = [plural(n, "seed") for n in (0, 1, 2, 10_000)]
    assert found == ["0 seeds", "1 seed", "2 seeds", "10,000 seeds"]


def test_some_of_many() -> None:
    found = [some(list("abcd"), most) for most in (4, 3, 1)]
    assert found == ["a, b, c, d", "a, b, c and 1 more", "a and 3 more"]


def test_what_is_long_loses_its_middle() -> None:
    assert brief("a" * 2000) == "a" * 2000
    shown = brief("b" + "a" * 10**6 + "c")
    assert (len(shown), shown[0], shown[-1]) == (1905, "b", "c")
