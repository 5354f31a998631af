"""A checksum inside of a text, so that what is damaged does not lie: the last key of a JSON object,
the first line of TOML."""

from __future__ import annotations

import re
import zlib

KEY = "crc32"
_TOML_SEAL = re.compile(rb"# crc32: ([0-9a-f]{8})\r?\n")
_SEAL = re.compile(rb',\s+"crc32": "([0-9a-f]{8})"\s*\}\s*\Z')


def sealed(text: str) -> str:
    """JSON of an object, if it is not empty with a checksum of what stands before it."""
    if text == "{}":
        return text
    body = text.rstrip().removesuffix("}").rstrip()
    gap, end = ("\n ", "\n}") if "\n" in body else (" ", "}")
    return f'{body},{gap}"{KEY}": "{checksum(body.encode())}"{end}'


def is_whole(data: bytes) -> bool:
    """False where a checksum is not of what stands before it; without one nothing is known."""
    found = _SEAL.search(data, max(0, len(data) - 80))
    return found is None or int(found[1], 16) == _sum(data[: found.start()])


def sealed_toml(text: str) -> str:
    """TOML with a checksum of itself as a comment above it."""
    return f"# {KEY}: {checksum(text.encode())}\n{text}"


def is_whole_toml(data: bytes) -> bool:
    """As `is_whole`."""
    found = _TOML_SEAL.match(data)
    return found is None or int(found[1], 16) == _sum(data[found.end() :])


def has_toml_seal(data: bytes) -> bool:
    return _TOML_SEAL.match(data) is not None


def checksum(data: bytes) -> str:
    return f"{_sum(data):08x}"


def _sum(body: bytes) -> int:
    # Tools that carry files elsewhere may change the ends of lines.
    return zlib.crc32(body.replace(b"\r\n", b"\n"))
