"""What values can be asked for: the least of them, their sum, the length of a list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import attrs

from autorecon.lang.operations.spec import Entries, show_value

Number = int | float | bool
_Given = Sequence[Number | str | Entries]


@attrs.frozen
class Function:
    """`of` gives a number, or says what it takes instead of what it was given."""

    form: str
    about: str
    of: Callable[[_Given], Number | str]


def _of_numbers(take: Callable[[Iterable[Number]], Number]) -> Callable[[_Given], Number | str]:
    """Of several numbers, or of those of one list."""

    def found(given: _Given) -> Number | str:
        numbers: Sequence = given
        if len(given) == 1:
            if not isinstance(given[0], tuple):
                return f"takes a list or several numbers, not {show_value(given[0])} alone"
            numbers = given[0]
        if {*map(type, numbers)} <= {int, float}:
            return take(numbers)
        odd = next(v for v in numbers if isinstance(v, bool | str | tuple))
        return f"takes numbers, not {show_value(odd)} among them"

    return found


def _length(given: _Given) -> int | str:
    if len(given) == 1 and isinstance(given[0], tuple):
        return len(given[0])
    return f"takes one list, not {', '.join(map(show_value, given))}"


FUNCTIONS = {
    "min": Function("min(a, b, ...)", "The least of numbers, or of a list.", _of_numbers(min)),
    "max": Function("max(a, b, ...)", "The greatest of numbers, or of a list.", _of_numbers(max)),
    "sum": Function("sum(list)", "The sum of a list, or of numbers.", _of_numbers(sum)),
    "len": Function("len(list)", "How many entries a list has.", _length),
}
