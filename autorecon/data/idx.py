"""Reader of the idx format of MNIST's files, gzipped or plain, without torch.

The files are untrusted: what the header promises is checked before anything is decompressed, and no
more than that is.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, cast

import attrs

from autorecon.data.errors import DataError

UNSIGNED_BYTE = 0x08
GZIP_MAGIC = b"\x1f\x8b"
# Fashion-MNIST's training images are 47 MB; a header that promises far more is not one of ours.
LARGEST = 1 << 28
REPLACE = "delete the file and fetch the data set again"


@attrs.frozen
class IdxArray:
    """An array of unsigned bytes in row-major order."""

    shape: tuple[int, ...]
    values: bytes = attrs.field(repr=False)


def read_idx(path: Path, shape: tuple[int | None, ...]) -> IdxArray:
    """Read an idx file of unsigned bytes whose dimensions must be `shape` (None: any length).

    Raises DataError on another magic number, other dimensions, too few or too many bytes.
    """
    try:
        with _open(path) as file:
            found = _read_shape(file, path, shape)
            values = _read_values(file, path, math.prod(found))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"cannot read {path}: {error}; {REPLACE}") from error
    return IdxArray(found, values)


def _open(path: Path) -> BinaryIO:
    with path.open("rb") as file:
        zipped = file.read(2) == GZIP_MAGIC
    return cast(BinaryIO, gzip.open(path, "rb")) if zipped else path.open("rb")


def _read_shape(file: BinaryIO, path: Path, shape: tuple[int | None, ...]) -> tuple[int, ...]:
    magic = file.read(4)
    expected = bytes((0, 0, UNSIGNED_BYTE, len(shape)))
    if magic != expected:
        raise DataError(
            f"{path} is not an idx file of bytes in {len(shape)} dimensions: it starts with "
            f"{magic.hex() or 'nothing'} instead of {expected.hex()}; {REPLACE}"
        )
    header = file.read(4 * len(shape))
    if len(header) < 4 * len(shape):
        raise DataError(f"{path} ends within its header; {REPLACE}")
    found = struct.unpack(f">{len(shape)}I", header)
    if any(want not in (None, have) for want, have in zip(shape, found, strict=True)):
        raise DataError(f"{path} has dimensions {_times(found)}, not {_times(shape)}; {REPLACE}")
    if not 0 < math.prod(found) <= LARGEST:
        raise DataError(f"{path} promises {math.prod(found):,} values, a size not read; {REPLACE}")
    return found


def _read_values(file: BinaryIO, path: Path, count: int) -> bytes:
    values = file.read(count)
    if len(values) < count:
        raise DataError(f"{path} ends after {len(values):,} of {count:,} values; {REPLACE}")
    if file.read(1):
        raise DataError(f"{path} goes on after its {count:,} values; {REPLACE}")
    return values


def _times(shape: tuple[int | None, ...]) -> str:
    return "x".join("N" if length is None else str(length) for length in shape)
