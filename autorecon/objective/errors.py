"""What can go wrong with an objective: its text, and its values."""

from __future__ import annotations


class ObjectiveError(ValueError):
    """The objective as the user wrote it makes no sense; the message is one line."""

    exit_code = 2


class DivergedError(ArithmeticError):
    """A loss became infinite or not a number; whoever counts the steps sets `step`."""

    exit_code = 1

    def __init__(self, term: str, value: float, step: int | None = None) -> None:
        super().__init__(term, value, step)
        self.term = term
        self.value = value
        self.step = step

    def __str__(self) -> str:
        when = "" if self.step is None else f" at step {self.step}"
        became = f"the loss '{self.term}' became {self.value}{when}"
        return f"{became}: try a lower learning rate or another seed"
