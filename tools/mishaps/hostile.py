"""What somebody who means harm puts into a folder: values, texts and things that are no files."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import tomli_w

from fuzzing.hostile_values import EVIL, SECRET, deepened, mutated

MARK = "imported"
"""What the module leaves where it is imported."""


def spoil(path: Path, random: Random) -> str:
    """Make of a file of a folder something that its reader may fall over; say what."""
    kinds = list(_KINDS.get(path.suffix, ())) * 4 + [_bytes, _thing]
    return random.choice(kinds)(path, random)


def _json(path: Path, random: Random) -> str:
    values = json.loads(path.read_bytes())
    values.pop("crc32", None)
    values, what = mutated(values, random)
    path.write_text(deepened(json.dumps(values)), "utf-8", "surrogatepass")
    return what


def _rows(path: Path, random: Random) -> str:
    lines = path.read_text().splitlines()
    number = random.randrange(len(lines))
    values = json.loads(lines[number])
    values.pop("crc32", None)
    values, what = mutated(values, random)
    lines[number] = deepened(json.dumps(values))
    path.write_text("\n".join(lines) + "\n", "utf-8", "surrogatepass")
    return f"line {number + 1}: {what}"


def _toml(path: Path, random: Random) -> str:
    values, what = mutated(tomllib.loads(path.read_text()), random)
    try:
        text = tomli_w.dumps(_without_none(values))
    except (TypeError, ValueError, RecursionError):
        return _bytes(path, random)
    path.write_text(deepened(text), "utf-8", "surrogatepass")
    return what


def _tensors(path: Path, random: Random) -> str:
    """The header of a safetensors file, without its checksum; the tensors stay."""
    data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header.get("__metadata__", {}).pop("autorecon.blake2b", None)
    texts = [key for key in header.get("__metadata__", {}) if key.startswith("autorecon")]
    if texts and random.random() < 0.6:
        key = random.choice(texts)
        inner, what = mutated(json.loads(header["__metadata__"][key]), random)
        header["__metadata__"][key] = deepened(json.dumps(inner))
    else:
        header, what = mutated(header, random)
    text = deepened(json.dumps(header)).encode("utf-8", "surrogatepass")
    path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
    return what


def _bytes(path: Path, random: Random) -> str:
    """Other bytes."""
    data = bytearray(path.read_bytes())
    how = random.randrange(6)
    if how == 0:
        data = bytearray()
    elif how == 1:
        data = bytearray(random.randbytes(random.randrange(1, 4000)))
    elif how == 2 and data:
        at = random.randrange(len(data))
        data[at:at] = random.choice((b"\0", b"\xff\xfe", b"\r\n", b'"', b"{" * 100_000, b"#"))
    elif how == 3 and data:
        data = data[: random.randrange(len(data))]
    elif how == 4:
        data += random.choice((b"\0" * 64, b"\n", b"}", bytes(data)))
    elif data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.write_bytes(_unsealed(bytes(data)))
    return f"bytes, {how}"


def _thing(path: Path, random: Random) -> str:
    """Something that is no such file."""
    how = random.choice(("pipe", "folder", "link out", "link to nothing", "loop", "huge", "device"))
    path.unlink()
    if how == "pipe":
        os.mkfifo(path)
    elif how == "folder":
        path.mkdir()
        (path / "more").write_text("")
    elif how == "huge":
        with path.open("wb") as file:
            file.truncate(2**40)
    else:
        folder = next(above for above in path.parents if (above / SECRET).exists())
        targets = {"link out": folder / SECRET, "loop": path, "device": Path("/dev/zero")}
        path.symlink_to(targets.get(how, folder / "nothing"))
    return how


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_none(part) for key, part in value.items() if part is not None}
    if isinstance(value, list):
        return [_without_none(part) for part in value if part is not None]
    return value


def _unsealed(data: bytes) -> bytes:
    """Without checksums, which whoever means harm leaves out."""
    data = re.sub(rb"^# crc32.*\n", b"", data, flags=re.MULTILINE)
    return re.sub(rb',\s+"crc32": "[0-9a-f]{8}"', b"", data)


_KINDS: dict[str, tuple[Callable[[Path, Random], str], ...]] = {
    ".json": (_json,),
    ".jsonl": (_rows,),
    ".toml": (_toml,),
    ".safetensors": (_tensors,),
}


def lay_traps(here: Path) -> None:
    """Beside the folder: code that must not be imported, and a file that is to stay as it is."""
    (here / f"{EVIL}.py").write_text(f"open({str(here / MARK)!r}, 'w')\ndef teacher(): pass\n")
    (here / SECRET).write_text("secret")


def sprung(here: Path, is_trusted: bool) -> str:
    """What happened to these; "" where nothing did that may not."""
    if (here / MARK).exists() and not is_trusted:
        return f"{EVIL} was imported"
    return "" if (here / SECRET).read_text() == "secret" else f"{SECRET} was written"
