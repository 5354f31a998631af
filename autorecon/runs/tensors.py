"""States and weights in safetensors files, which hold no code; nothing in them is trusted.

Each file has a checksum of all that it holds, by which damage is found before it is used.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autorecon.lang.wording import brief
from autorecon.reading import open_regular
from autorecon.runs.atomic import replacing
from autorecon.runs.errors import DamagedError, RunError
from autorecon.runs.structure import MalformedState, alone, dense, pack, unpack

if TYPE_CHECKING:
    from torch import Tensor, nn

STATE_KEY = "autorecon.state.1"
WEIGHTS_KEY = "autorecon.weights.1"
SUM_KEY = "autorecon.blake2b"
MAX_STRUCTURE = 16 * 2**20
_LONGEST_HEADER = 100_000_000  # bytes, as safetensors has it
_KINDS = {
    **{f"float{bits}": f"F{bits}" for bits in (16, 32, 64)},
    **{f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)},
    **{f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)},
    **{"bfloat16": "BF16", "bool": "BOOL", "complex64": "C64"},
    **{"float8_e4m3fn": "F8_E4M3", "float8_e5m2": "F8_E5M2"},
}
"""What the format calls torch's types."""


def save_state(path: str | Path, state: Any) -> None:
    """Write nested dicts, lists and tuples of tensors and JSON values to one file, atomically.

    Dict keys are strings or integers; floats may be infinite or NaN. Tensors are written from any
    device, once each however often the state holds them; strides are not kept. Equal states give
    equal files. Raises TypeError for other values and RunError if the file cannot be written.
    """
    structure, tensors = pack(state)
    text = json.dumps(structure, separators=(",", ":"))
    if len(text) > MAX_STRUCTURE:
        raise TypeError(f"the state has over {MAX_STRUCTURE:,} bytes besides its tensors")
    write_tensors(path, tensors, {STATE_KEY: text})


def load_state(path: str | Path) -> Any:
    """Read what `save_state` wrote: equal types, values, dtypes and shapes, tensors on the CPU.

    A tensor that the state held twice is one tensor again. Raises RunError if the file cannot be
    read or is anything else than a saved state.
    """
    metadata, tensors = read_tensors(path)
    text = metadata.get(STATE_KEY)
    if text is None or len(text) > MAX_STRUCTURE:
        raise RunError(f"{path} is not a saved state: it has no structure that can be read")
    try:
        return unpack(json.loads(text, parse_constant=_refuse_constant), tensors)
    except (MalformedState, RecursionError, ValueError) as error:
        raise DamagedError(f"{path} is not a saved state: {error}") from error


@contextlib.contextmanager
def as_saved(path: str | Path) -> Iterator[None]:
    """Within, a state that was loaded is taken for what was saved; DamagedError where it is
    something else, as a file without a checksum may be."""
    try:
        yield
    except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        if getattr(error, "exit_code", None) is not None:
            raise
        why = brief(f"{type(error).__name__}: {error}".partition("\n")[0], 300)
        raise DamagedError(f"{path} holds something else than was saved ({why})") from error


def save_weights(
    path: str | Path,
    weights: nn.Module | Mapping[str, Tensor],
    metadata: Mapping[str, Any] | None = None,
) -> None:
    """Write a module's state dict under its own names, atomically, beside JSON `metadata`.

    Any safetensors reader can load the file; weights that share memory are written out each.
    Raises TypeError for an entry that is no dense tensor and RunError if it cannot be written.
    """
    state = weights if isinstance(weights, Mapping) else weights.state_dict()
    storages: set[int] = set()
    tensors = {name: alone(dense(value, repr(name)), storages) for name, value in state.items()}
    write_tensors(path, tensors, {WEIGHTS_KEY: json.dumps(dict(metadata or {}), sort_keys=True)})


def load_weights(path: str | Path) -> dict[str, Tensor]:
    """The tensors of any safetensors file, on the CPU. Raises RunError if it is none."""
    return read_tensors(path)[1]


def write_tensors(
    path: str | Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]
) -> None:
    """Write dense contiguous tensors of the CPU beside texts, atomically; equal ones give equal
    files. Raises RunError if that cannot be done, TypeError for a type that the format lacks.

    The library's own writer puts texts in a random order and leaves a file of its own when killed.
    """
    # The widest first, so that each begins at a multiple of its own width.
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    ordered = {name: tensors[name] for name in names}
    texts = {**metadata, SUM_KEY: _checksum(metadata, tensors)}
    with replacing(path) as temporary, temporary.open("xb") as file:
        file.write(_header(ordered, texts))
        file.writelines(map(_bytes, ordered.values()))


def read_tensors(path: str | Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The texts and tensors of any safetensors file, on the CPU.

    Raises RunError if it cannot be read, DamagedError if it is none, or holds something else than
    its checksum, if it has one, is of.
    """
    from safetensors import SafetensorError, safe_open

    try:
        open_regular(path).close()
        with safe_open(path, framework="pt") as file:
            # Copies: the library's tensors are views of the file, which others may write to.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            metadata = dict(file.metadata() or {})
    except OSError as error:
        raise RunError(_unreadable(path, error)) from error
    except (SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise DamagedError(
            f"cannot read {path} as safetensors: {brief(str(error), 300)}"
        ) from error
    known = metadata.pop(SUM_KEY, None)
    if known is not None and known != _checksum(metadata, tensors):
        raise DamagedError(f"{path} is damaged: it is not what was written (checksum)")
    return metadata, tensors


def _checksum(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> str:
    """A digest of texts and tensors, in whatever order or place they are; 0.2 s for 200 MB."""
    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(tensors):
        value = tensors[name]
        digest.update(json.dumps([name, str(value.dtype), list(value.shape)]).encode())
        digest.update(_bytes(value))
    digest.update(json.dumps(sorted(metadata.items())).encode())
    return digest.hexdigest()


def _bytes(value: Tensor) -> memoryview:
    """The memory of a dense contiguous tensor of the CPU."""
    import torch

    return value.reshape(-1).view(torch.uint8).numpy().data if value.numel() else memoryview(b"")


def _header(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> bytes:
    """How safetensors begin: the length of a JSON object, and that."""
    described, end = dict[str, Any](), 0
    for name, value in tensors.items():
        kind = _KINDS.get(str(value.dtype).removeprefix("torch."))
        if kind is None or sys.byteorder != "little":
            raise TypeError(f"tensors of type {value.dtype} cannot be saved")
        start, end = end, end + value.numel() * value.element_size()
        place = {"shape": list(value.shape), "data_offsets": [start, end]}
        described[name] = {"dtype": kind, **place}
    texts = {"__metadata__": dict(sorted(metadata.items()))}
    text = json.dumps(texts | described, separators=(",", ":"), ensure_ascii=False).encode()
    if len(text) > _LONGEST_HEADER:
        raise TypeError(f"names and texts come to over {_LONGEST_HEADER:,} bytes")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _unreadable(path: str | Path, error: OSError) -> str:
    missing = isinstance(error, FileNotFoundError)
    return f"cannot read {path}: {'there is no such file' if missing else error.strerror or error}"


def _refuse_constant(name: str) -> None:
    raise MalformedState(f"its structure has a bare {name}")
