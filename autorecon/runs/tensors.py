"""States and weights in safetensors files, which hold no code; nothing in them is trusted."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from autorecon.runs.atomic import replacing
from autorecon.runs.errors import RunError
from autorecon.runs.structure import MalformedState, alone, dense, pack, unpack

if TYPE_CHECKING:
    from torch import Tensor, nn

# One metadata entry each: safetensors writes several in a random order, and equal states shall be
# equal files.
STATE_KEY = "autorecon.state.1"
WEIGHTS_KEY = "autorecon.weights.1"
MAX_STRUCTURE = 16 * 2**20


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
        raise RunError(f"{path} is not a saved state: {error}") from error


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


def write_tensors(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write dense tensors beside texts, atomically; RunError if that cannot be done."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        try:
            # The library makes files for their owner alone, whatever the umask.
            temporary.touch()
            mode = temporary.stat().st_mode
            save_file(tensors, temporary, metadata=metadata)
            temporary.chmod(mode)
        except SafetensorError as error:
            raise OSError(str(error)) from error
        except KeyError as error:
            raise TypeError(f"tensors of type {error} cannot be saved") from error


def read_tensors(path: str | Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """The texts and tensors of any safetensors file, on the CPU. Raises RunError if it is none."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt") as file:
            # Copies: the library's tensors are views of the file, which others may write to.
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118
            return file.metadata() or {}, tensors
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError) as error:
        raise RunError(_unreadable(path, error)) from error


def _unreadable(path: str | Path, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"cannot read {path}: there is no such file"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"cannot read {path} as safetensors: {reason}"


def _refuse_constant(name: str) -> None:
    raise MalformedState(f"its structure has a bare {name}")
