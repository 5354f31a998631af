"""Which class a folder's name, or a line of a list, stands for, or why it stands for none."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from autorecon.data.errors import DataError
from autorecon.lang.wording import plural, some

UNKNOWN = -1
"""The label of an image whose class nobody told."""


def folders_as_classes(place: Path, names: Sequence[str], classes: int) -> tuple[list[int], str]:
    """The class of each folder in `place`, and how it was found, in words.

    Names that are whole numbers are indices, as 007; others are the classes in the order of their
    names, if there is one for each. Raises DataError for anything else.
    """
    if all(is_index(name) for name in names):
        found = [checked(name, classes, f"the folder {place / name}") for name in names]
        if len(set(found)) < len(found):
            raise DataError(f"{place} has two folders for one class: {some(sorted(names), 5)}")
        return found, f"labelled by {plural(len(found), 'folder')}, named by the index of a class"
    if len(names) == classes:
        ordered = sorted(names)
        about = f"labelled by folders in the order of their names: {ordered[0]} is class 0, "
        return [ordered.index(name) for name in names], f"{about}{ordered[-1]} {classes - 1}"
    raise DataError(
        f"{place} has {plural(len(names), 'folder')} ({some(sorted(names), 5)}) and the teacher "
        f"{classes} classes: name each by the index of its class, as 007, or have one for each "
        "class in the order of the teacher's outputs; a text file that lists images, without "
        "labels, measures agreement alone"
    )


def is_index(text: str) -> bool:
    """Whether it is a whole number, of no more digits than classes have."""
    return text.isascii() and text.isdecimal() and len(text) <= 9


def checked(text: str, classes: int, what: str) -> int:
    """The index that `text` is; DataError where the teacher has no such class."""
    label = int(text)
    if label >= classes:
        raise DataError(
            f"{what} is of class {label}, and the teacher's {classes} classes are 0 to "
            f"{classes - 1}"
        )
    return label
