"""A drawing as an element of a page: checked to be nothing but a picture."""

from __future__ import annotations

import re
from html import escape
from xml.etree import ElementTree

from autorecon.graph.draw.render import DrawError

SVG_LIMIT = 2_000_000
_SHAPES = {"path", "polygon", "polyline", "ellipse", "circle", "rect", "line", "text", "tspan"}
_FRAMES = {"svg", "g", "a", "title", "desc", "defs", "clipPath"}
_ELEMENTS = _SHAPES | _FRAMES | {"linearGradient", "radialGradient", "stop"}
_IDS = re.compile(r' id="(?:graph|node|edge|clust|a_[a-z]+)\w*(?:-[^"]*)?"')


def inline_svg(text: str, description: str) -> str:
    """An `<svg>` element, named for those who do not see it.

    Raises DrawError for one that could run or fetch anything, or is too large for a page.
    """
    if len(text) > SVG_LIMIT:
        raise DrawError(f"the drawing of {description} is larger than {SVG_LIMIT:,} characters")
    # HTML ends comments elsewhere than XML does, so none may stay.
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    start = re.search(r"<svg[\s>]", text)
    body = text[start.start() :] if start else ""
    _check(body, description)
    named = f'<svg role="img" aria-label="{escape(description)}"'
    return named + _IDS.sub("", body.removeprefix("<svg"))


def _check(body: str, description: str) -> None:
    if "<![CDATA[" in body or "<?" in body or "<!DOCTYPE" in body:
        raise DrawError(f"the drawing of {description} is not plain SVG")
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError as error:
        raise DrawError(f"the drawing of {description} is not SVG ({error})") from error
    for element in root.iter():
        if _local(element.tag) not in _ELEMENTS or any(map(_is_active, element.items())):
            raise DrawError(f"the drawing of {description} holds what a picture should not")


def _is_active(item: tuple[str, str]) -> bool:
    """Whether an attribute runs something or names something outside the page."""
    name, value = _local(item[0]).lower(), item[1].strip().lower()
    if name.startswith("on"):
        return True
    outside = re.search(r"url\(\s*['\"]?(?!#)|javascript:|@import", value)
    return bool(outside) or (name == "href" and not value.startswith("#"))


def _local(name: str) -> str:
    return name.rpartition("}")[2]
