"""The pictures that a path names: a folder a class, one folder, or a text that lists them."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from pathlib import Path

import attrs

from autorecon.data.errors import DataError, MissingDataError
from autorecon.data.labels import UNKNOWN, checked, folders_as_classes, is_index
from autorecon.data.pictures import SUFFIXES
from autorecon.lang.wording import plural

LARGEST_LIST = 64_000_000
"""Bytes: some million paths."""


@attrs.frozen
class Listing:
    """Paths of images, their classes where they are known, and what a reader should know of them.

    The label of an image whose class is not known is UNKNOWN. `class_names` are there where the
    folders are all classes.
    """

    paths: list[str] = attrs.field(repr=False)
    labels: list[int] | None
    about: str
    class_names: tuple[str, ...] = ()


def listed(path: Path, classes: int) -> Listing:
    """What `path` names, for a teacher of so many classes.

    Raises DataError where it names no image, or labels that are none of the teacher's.
    """
    try:
        if path.is_dir():
            return _folder(path, classes)
        if path.is_file():
            return _list(path, classes)
    except DataError:
        raise
    except OSError as error:
        raise DataError(f"cannot read {error.filename or path}: {error.strerror}") from error
    raise MissingDataError(f"there is no folder {path}, nor a text file that lists images")


def _folder(path: Path, classes: int) -> Listing:
    entries = [entry for entry in sorted(path.iterdir()) if not entry.name.startswith(".")]
    own, others = _images(entry for entry in entries if entry.is_file())
    folders = [entry for entry in entries if entry.is_dir()]
    inside = [_images(_files(folder)) for folder in folders]
    found = [images for images, _ in inside]
    if own and any(found):
        raise DataError(
            f"{path} has images, and folders of images beside them: name one of the folders, or a "
            "text file that lists images"
        )
    if not own and not any(found):
        raise DataError(f"{path} has no images: none of its files ends in {', '.join(SUFFIXES)}")
    if own:
        return Listing(own, None, "without labels" + _left_out(others))
    names = [folder.name for folder in folders]
    indices, about = folders_as_classes(path, names, classes)
    labels = [index for index, images in zip(indices, found, strict=True) for _ in images]
    about += _left_out(others + sum(count for _, count in inside))
    named = len(names) == classes and not all(map(is_index, names))
    paths = list(itertools.chain.from_iterable(found))
    return Listing(paths, labels, about, tuple(names) if named else ())


def _files(folder: Path) -> list[Path]:
    """All below a folder, in order, but for what is hidden."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(root, name) for name in sorted(files) if not name.startswith(".")]
    return found


def _images(files: Iterable[Path]) -> tuple[list[str], int]:
    """Those of the files that are called like images, and how many are not."""
    every = list(files)
    found = [str(file) for file in every if file.suffix.lower() in SUFFIXES]
    return found, len(every) - len(found)


def _left_out(others: int) -> str:
    return f"; {plural(others, 'other file')} left out" if others else ""


def _list(path: Path, classes: int) -> Listing:
    """A path a line, relative to the list, and after it a class where that is known."""
    paths, labels = list[str](), list[int]()
    for number, line in enumerate(_text(path).splitlines(), 1):
        if line.strip():
            place = f"{path}, line {number}"
            image, label = _entry(path.parent, line, place)
            if not os.path.isfile(image):
                raise MissingDataError(f"{place}: there is no file {image}")
            paths.append(image)
            labels.append(UNKNOWN if label is None else checked(label, classes, f"{place}: it"))
    if not paths:
        raise DataError(f"{path} lists no image")
    known = sum(label != UNKNOWN for label in labels)
    if not known:
        return Listing(paths, None, "without labels")
    some_of = f", {known} of {len(labels)}" if known < len(labels) else ""
    return Listing(paths, labels, f"labelled by a list{some_of}")


def _entry(folder: Path, line: str, place: str) -> tuple[str, str | None]:
    """The path of a line, and the label after a tab, or a space where no file is called so."""
    image, tab, label = line.rstrip().partition("\t")
    if not tab and not (folder / image).is_file():
        start, _, end = image.rpartition(" ")
        image, label = (start.rstrip(), end) if is_index(end) else (image, "")
    if label and not is_index(label.strip()):
        raise DataError(f"{place}: {label.strip()!r} is not the index of a class")
    return str(folder / image.strip()), label.strip() or None


def _text(path: Path) -> str:
    if path.suffix.lower() in SUFFIXES:
        raise DataError(f"{path} is one image: name a folder, or a text file that lists images")
    if path.stat().st_size > LARGEST_LIST:
        raise DataError(f"{path} is larger than {LARGEST_LIST:,} bytes: it lists no images")
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text that lists images, a path a line: {error}") from error
