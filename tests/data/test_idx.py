"""The idx reader on good, broken and hostile files."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecon.data import DataError
from autorecon.data.idx import IdxArray, read_idx

MakeIdx = Callable[[tuple[int, ...], bytes], bytes]


@pytest.mark.parametrize("packed", [bytes, gzip.compress])
def test_reads_plain_and_gzipped(
    tmp_path: Path, make_idx: MakeIdx, packed: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "any-name"
    path.write_bytes(packed(make_idx((2, 3), b"abcdef")))
    assert read_idx(path, (None, 3)) == IdxArray((2, 3), b"abcdef")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "starts with nothing"),
        (b"\0\0\x0d\x02" + b"\0\0\0\x02\0\0\0\x03" + b"abcdef", "starts with 00000d02"),
        (b"\0\0\x08\x03" + b"\0\0\0\x02\0\0\0\x03" + b"abcdef", "in 2 dimensions"),
        (b"\0\0\x08\x02" + b"\0\0\0\x02\0\0", "ends within its header"),
        (b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x04" + b"abcdefgh", "dimensions 2x4, not Nx3"),
        (b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x03" + b"abcde", "after 5 of 6 values"),
        (b"\0\0\x08\x02" + b"\0\0\0\x02\0\0\0\x03" + b"abcdefg", "goes on after its 6"),
        (b"\0\0\x08\x02" + b"\0\0\0\x00\0\0\0\x03", "promises 0 values"),
        (b"\0\0\x08\x02" + b"\x7f\0\0\0\0\0\0\x03" + b"abcdef", "a size not read"),
        (b"\x1f\x8bnot gzip after all", "cannot read"),
        (gzip.compress(b"\0\0\x08\x02\0\0\0\x02\0\0\0\x03abcdef", mtime=0)[:-9], "cannot read"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "broken"
    path.write_bytes(content)
    with pytest.raises(DataError, match="fetch the data set again") as caught:
        read_idx(path, (None, 3))
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_bomb_is_not_decompressed(
    tmp_path: Path, make_idx: MakeIdx, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(gzip.compress(make_idx((2, 3), bytes(50_000_000)), compresslevel=1))
    asked = []
    read = gzip.GzipFile.read
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda file, size=-1: asked.append(size) or read(file, size)
    )
    with pytest.raises(DataError, match="goes on"):
        read_idx(path, (None, 3))
    assert asked
    assert max(asked) <= 8
    assert min(asked) >= 0


@given(st.binary(max_size=40))
def test_any_bytes_give_an_array_or_a_data_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed"
    path.write_bytes(content)
    try:
        array = read_idx(path, (None,))
    except DataError:
        return
    assert len(array.values) == array.shape[0]
