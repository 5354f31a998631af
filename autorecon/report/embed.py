"""Pictures inside the page: PNG files as data."""

from __future__ import annotations

import base64
import struct
from pathlib import Path

import attrs

from autorecon.reading import read_bounded
from autorecon.records.files import PICTURE_CLASSES, PICTURE_LIMIT
from autorecon.report.errors import ReportError

COLUMNS = 8
"""Images in a row of a class grid."""
_CLASSES = f"tEXt{PICTURE_CLASSES}\0".encode()
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@attrs.frozen
class ImageGrid:
    """A grid of generated images, a class a row, as a data URI; sizes in pixels of the file."""

    label: str
    uri: str
    width: int
    height: int
    classes: tuple[int, ...] | None = None
    """Those of its rows, where the file tells."""


def read_grid(path: Path) -> ImageGrid:
    """A PNG file, embedded. Raises ReportError if it is none, or too large for a page."""
    try:
        data = read_bounded(path, PICTURE_LIMIT)
    except OSError as error:
        raise ReportError(f"cannot read {path}: {error.strerror}") from error
    if not data.startswith(_SIGNATURE) or len(data) < 24:
        raise ReportError(f"{path} is not a PNG image: put back the original, or remove it")
    width, height = struct.unpack(">II", data[16:24])
    uri = f"data:image/png;base64,{base64.b64encode(data).decode('ascii')}"
    return ImageGrid(path.stem, uri, width, height, _classes(data))


def _classes(data: bytes) -> tuple[int, ...] | None:
    """What the text of that name holds, whose length stands before its kind."""
    start = data.find(_CLASSES)
    if start < 4:
        return None
    (length,) = struct.unpack(">I", data[start - 4 : start])
    words = data[start + len(_CLASSES) : start + 4 + length].split()
    return tuple(int(word) for word in words if word.isdigit())
