"""Pictures inside the page: PNG files as data, our own drawings as checked SVG."""

from __future__ import annotations

import base64
import re
import struct
from pathlib import Path
from xml.etree import ElementTree

import attrs
from markupsafe import Markup

from autorecon.reading import read_bounded
from autorecon.records.files import PICTURE_CLASSES, PICTURE_LIMIT
from autorecon.report.errors import ReportError

SVG_LIMIT = 2_000_000
COLUMNS = 8
"""Images in a row of a class grid."""
_CLASSES = f"tEXt{PICTURE_CLASSES}\0".encode()
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_SHAPES = {"path", "polygon", "polyline", "ellipse", "circle", "rect", "line", "text", "tspan"}
_FRAMES = {"svg", "g", "a", "title", "desc", "defs", "clipPath"}
_ELEMENTS = _SHAPES | _FRAMES | {"linearGradient", "radialGradient", "stop"}
_IDS = re.compile(r' id="(?:graph|node|edge|clust|a_[a-z]+)\w*(?:-[^"]*)?"')


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


def inline_svg(text: str, description: str) -> Markup:
    """A drawing as an element of the page, named for those who do not see it.

    Raises ReportError for one that could run or fetch anything, or is too large for a page.
    """
    if len(text) > SVG_LIMIT:
        raise ReportError(f"the drawing of {description} is larger than {SVG_LIMIT:,} characters")
    # HTML ends comments elsewhere than XML does, so none may stay.
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    start = re.search(r"<svg[\s>]", text)
    body = text[start.start() :] if start else ""
    _check(body, description)
    named = Markup('<svg role="img" aria-label="{}"').format(description)
    return Markup(named + Markup(_IDS.sub("", body.removeprefix("<svg"))))


def _check(body: str, description: str) -> None:
    if "<![CDATA[" in body or "<?" in body or "<!DOCTYPE" in body:
        raise ReportError(f"the drawing of {description} is not plain SVG")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise ReportError(f"the drawing of {description} is not SVG ({error})") from error
    for element in root.iter():
        if _local(element.tag) not in _ELEMENTS or any(map(_is_active, element.items())):
            raise ReportError(f"the drawing of {description} holds what a picture should not")


def _is_active(item: tuple[str, str]) -> bool:
    """Whether an attribute runs something or names something outside the page."""
    name, value = _local(item[0]).lower(), item[1].strip().lower()
    if name.startswith("on"):
        return True
    outside = re.search(r"url\(\s*['\"]?(?!#)|javascript:|@import", value)
    return bool(outside) or (name == "href" and not value.startswith("#"))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
