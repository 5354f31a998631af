"""A checksum inside of JSON, as the last key of an object: what is damaged is no JSON that lies."""

from __future__ import annotations

import re
import zlib

KEY = "crc32"
_SEAL = re.compile(rb',\s+"crc32": "([0-9a-f]{8})"\s*\}\s*\Z')


def sealed(text: str) -> str:
    """JSON of an object, if it is not empty with a checksum of what stands before it."""
    if text == "{}":
        return text
    body = text.rstrip().removesuffix("}").rstrip()
    gap, end = ("\n ", "\n}") if "\n" in body else (" ", "}")
    return f'{body},{gap}"{KEY}": "{_sum(body.encode()):08x}"{end}'


def is_whole(data: bytes) -> bool:
    """False where a checksum is not of what stands before it; without one nothing is known."""
    found = _SEAL.search(data, max(0, len(data) - 80))
    return found is None or int(found[1], 16) == _sum(data[: found.start()])


def _sum(body: bytes) -> int:
    # Tools that carry files elsewhere may change the ends of lines.
    return zlib.crc32(body.replace(b"\r\n", b"\n"))
