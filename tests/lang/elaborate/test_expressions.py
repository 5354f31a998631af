"""Arithmetic, against Python's own on the same expression."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autorecon.lang import Source, SpaceError, check
from autorecon.lang.elaborate.expressions import MAX_NUMBER

Number = int | float
OPERATORS: dict[str, Callable[[Number, Number], Number]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "%": lambda a, b: a % b,
    "/": lambda a, b: a / b if isinstance(a, float) or isinstance(b, float) or a % b else a // b,
}
FUNCTIONS: dict[str, Callable[[list], Number]] = {"min": min, "max": max, "sum": sum}


def value_of(expression: str, **names: Number) -> Number | bool:
    """What a parameter with this default becomes."""
    given = "".join(f"{name} = {value}, " for name, value in names.items())
    text = f"space t({given}x = {expression})\ninput z [3]: noise\noutput image [3]\n"
    return check(Source(text + "link z -> image = identity\n")).parameters["x"]


def codes_of(expression: str) -> set[str]:
    with pytest.raises(SpaceError) as caught:
        value_of(expression)
    return {fault.code for fault in caught.value.diagnostics}


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> tuple[str, Number | None]:
    """A text with parentheses around every operation, and its value (None: there is none)."""
    if depth == 0 or draw(st.booleans()):
        number = draw(st.integers(0, 50) | st.sampled_from([0.5, 0.25, 4.0]))
        return str(number), number
    sign = draw(st.sampled_from([*sorted(OPERATORS), *FUNCTIONS, "if"]))
    (left, a), (right, b) = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    if sign == "if":
        condition, holds = draw(st.sampled_from([("2 < 3", True), ("2 == 3", False)]))
        return f"({left} if {condition} else {right})", a if holds else b
    if sign in FUNCTIONS:
        known = a is not None and b is not None
        return f"{sign}({left}, {right})", FUNCTIONS[sign]([a, b]) if known else None
    text = f"({left} {sign} {right})"
    if a is None or b is None or (sign in "/%" and b == 0):
        return text, None
    whole = isinstance(a, int) and isinstance(b, int)
    return text, None if sign == "/" and whole and a % b else OPERATORS[sign](a, b)


@settings(max_examples=80, deadline=None)
@given(expressions())
def test_values_and_types_are_pythons(expression: tuple[str, Number | None]) -> None:
    text, expected = expression
    if expected is None:
        assert codes_of(text) <= {"E0301", "E0304"}
        return
    value = value_of(text)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("2 + 3 * 4", 14),
        ("(2 + 3) * 4", 20),
        ("20 - 5 - 3", 12),
        ("64 / 8 / 2", 4),
        ("17 % 10 % 4", 3),
        ("-3 + 5", 2),
        ("2 * -3", -6),
        ("-(2 + 3)", -5),
        ("1e3", 1000.0),
        ("1 / 4.0", 0.25),
        ("true", True),
        ("n * n - 1", 24),
        ("1 if n == 5 else 1 / 0", 1),
        ("1 if n == 4 else 2 if n == 5 else 3", 2),
        ("true if n > 3 and n < 9 else false", True),
        ("1 + 2 if n == 5 else 7", 3),
        ("max(n, 2.5, 4)", 5),
        ("min([n, 2.5, 4])", 2.5),
        ("len([n])", 1),
    ],
)
def test_precedence_and_order(expression: str, value: Number | bool) -> None:
    found = value_of(expression, n=5)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("7 / 2", "E0301"),
        ("true * 2", "E0301"),
        ("1 / 0", "E0304"),
        ("1 / (2 - 2)", "E0304"),
        ("0.5 % 0", "E0304"),
        (f"{MAX_NUMBER} + 1", "E0305"),
        (f"-{MAX_NUMBER} - 1", "E0305"),
        ("1e308 * 10", "E0305"),
        ("1 / 1e-300", "E0305"),
        ("y", "E0201"),
    ],
)
def test_what_has_no_value(expression: str, code: str) -> None:
    assert codes_of(expression) == {code}


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1 << 70])
def test_values_from_outside_are_bounded(value: Number) -> None:
    text = "space t(x = 1)\ninput z [3]: noise\noutput image [3]\nlink z -> image = identity\n"
    with pytest.raises(SpaceError, match="too large") as caught:
        check(Source(text), {"x": value})
    assert caught.value.diagnostics[0].code == "E0305"


def test_a_parameter_that_is_not_there_cannot_be_set() -> None:
    text = "space t(width = 1)\ninput z [3]: noise\noutput image [3]\nlink z -> image = identity\n"
    with pytest.raises(SpaceError, match="did you mean `width`") as caught:
        check(Source(text), {"widht": 3})
    assert caught.value.diagnostics[0].code == "E0208"


@pytest.mark.parametrize(
    ("options", "meant"),
    [
        ("8 | min(list)", "0 + min(list)"),
        ("list[0] | 8", "0 + list[0]"),
        ("list[0] | list[1]", "0 + list[1]"),
        ("base | more", "0 + more"),
    ],
)
def test_values_among_options_are_told_how_to_be_written(options: str, meant: str) -> None:
    text = f"""space s(base = 4)
let list = [2, 3]
let more = 2*base
choice width = {options}
input z [4]: noise
output image [3]
link z -> image = linear
"""
    with pytest.raises(SpaceError) as caught:
        check(Source(text))
    assert any(f"`{meant}`" in (fault.help or "") for fault in caught.value.diagnostics)
    check(Source(text.replace(options, meant)))
