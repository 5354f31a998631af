"""Small Fashion-MNIST folders, and no others to be found."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from autorecon.data import folders

COUNTS = {"train": 6, "t10k": 4}


def idx(shape: tuple[int, ...], values: bytes) -> bytes:
    """An idx file of unsigned bytes."""
    return bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + values


def images_of(count: int) -> bytes:
    """Image i is filled with the grey value 10 * i, its first pixel apart, which is 255."""
    return b"".join(b"\xff" + bytes([10 * i]) * 783 for i in range(count))


def write_folder(folder: Path, zipped: bool = True) -> Path:
    """The four files of a whole data set, with labels 9, 8, 7, ..."""
    folder.mkdir(parents=True)
    for prefix, count in COUNTS.items():
        images = idx((count, 28, 28), images_of(count))
        labels = idx((count,), bytes(9 - i for i in range(count)))
        for name, content in (("images-idx3", images), ("labels-idx1", labels)):
            path = folder / f"{prefix}-{name}-ubyte{'.gz' if zipped else ''}"
            path.write_bytes(gzip.compress(content) if zipped else content)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which nothing is installed; the folder is $AUTORECON_DATA."""
    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(folders, "SYSTEM", tmp_path / "system")
    return tmp_path / "own"


@pytest.fixture
def folder(home: Path) -> Path:
    """A small Fashion-MNIST in the first place that is searched."""
    return write_folder(home / "fashion-mnist")


@pytest.fixture
def make_folder() -> Callable[..., Path]:
    """Writes further folders."""
    return write_folder


@pytest.fixture
def make_idx() -> Callable[[tuple[int, ...], bytes], bytes]:
    """Writes the content of idx files."""
    return idx
