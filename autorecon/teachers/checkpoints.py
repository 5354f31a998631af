"""State dicts as people have them on disk: safetensors, files of torch.save, Hugging Face folders.

No file is unpickled in full: what torch reads with `weights_only` are tensors and plain containers.
"""

from __future__ import annotations

import json
import pickle
import warnings
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, load_file
from torch import Tensor

from autorecon.lang.wording import some
from autorecon.reading import open_regular, read_bounded
from autorecon.teachers.errors import TeacherError

Say = Callable[[str], None]
"""What is told of what was done to a network; one line each."""

SINGLE = ("model.safetensors", "pytorch_model.bin")
"""The weights in a Hugging Face folder, unless they are in parts, which an index then lists."""

WRAPPERS = (
    *("state_dict", "model_state_dict", "model", "net", "network", "module"),
    *("state_dict_ema", "ema_state_dict", "model_ema", "ema", "params"),
)
"""Where training scripts keep the state dict; of several, the first counts."""

_LARGEST_INDEX = 1 << 26
_DEEPEST = 16
_SAVE = "save its state dict alone, torch.save(model.state_dict(), 'weights.pth')"


def read_state(path: Path, say: Say) -> dict[str, Tensor]:
    """The state dict in a file or a Hugging Face folder; TeacherError where there is none."""
    try:
        files = _parts(path) if path.is_dir() else [path]
        parts = [_read(file, say) for file in files]
    except OSError as error:
        place = Path(error.filename or path)
        where = "" if place.is_absolute() else f" in {Path.cwd()}"
        raise TeacherError(f"cannot read the weights {place}{where}: {error.strerror}") from error
    if path.is_dir():
        say(f"the weights are those of {some([file.name for file in files], 3)} in {path}")
    return {name: value for part in parts for name, value in part.items()}


def parse_state(content: bytes, source: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file, which `source` names in errors."""
    try:
        return load(content)
    except SafetensorError as error:
        raise TeacherError(f"{source} is not a safetensors file ({error})") from error


def _parts(folder: Path) -> list[Path]:
    for name in SINGLE:
        if (folder / name).is_file():
            return [folder / name]
        if (folder / f"{name}.index.json").is_file():
            return _listed(folder / f"{name}.index.json")
    raise TeacherError(
        f"the folder {folder} holds neither {' nor '.join(SINGLE)}, as Hugging Face's do; name the "
        "file of the weights itself"
    )


def _listed(index: Path) -> list[Path]:
    """The files that an index names, which must lie beside it."""
    try:
        listed = json.loads(read_bounded(index, _LARGEST_INDEX))
        names = sorted(set(listed["weight_map"].values()))
        if not names or any(Path(name).name != name for name in names):
            raise ValueError("its files do not lie beside it")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise TeacherError(f"{index} is no index of weights: {error}") from error
    return [index.parent / name for name in names]


def _read(path: Path, say: Say) -> dict[str, Tensor]:
    with open_regular(path) as file:
        start = file.read(4)
    zipped = start.startswith(b"PK")
    if zipped or start.startswith(b"\x80"):
        return _unwrapped(_unpickled(path, zipped), path, say)
    try:
        return load_file(path)
    except SafetensorError as error:
        raise TeacherError(
            f"{path} is not a file of weights: neither safetensors ({error}) nor of torch.save"
        ) from error


def _unpickled(path: Path, zipped: bool) -> Any:
    """What torch.save wrote, if it is tensors and plain containers."""
    try:
        with warnings.catch_warnings():
            # Of what is unusual in a file; what is wrong is an error.
            warnings.simplefilter("ignore")
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped)
    except pickle.UnpicklingError as error:
        raise TeacherError(
            f"{path} holds pickled objects{_objects(path, zipped)}, and reading them could run "
            f"code of the file's: where you trust it, {_SAVE}"
        ) from error
    except (RuntimeError, EOFError, ValueError, zipfile.BadZipFile) as error:
        if "TorchScript" in str(error):
            raise TeacherError(
                f"{path} is a TorchScript archive, which is code: {_SAVE}"
            ) from error
        reason = str(error).partition("\n")[0].partition(". ")[0]
        raise TeacherError(f"{path} is damaged, or no file of torch.save: {reason}") from error


def _objects(path: Path, zipped: bool) -> str:
    """` (builtins.print, ...)`: what a file asks for, found without running it."""
    if not zipped:
        return ""
    names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    return f" ({some(sorted(names), 3)})" if names else ""


def _unwrapped(content: Any, path: Path, say: Say) -> dict[str, Tensor]:
    """The state dict within what a training script saved."""
    taken: list[str] = []
    while not _is_state(content):
        if not isinstance(content, Mapping):
            raise TeacherError(
                f"{path} holds a {type(content).__name__}, not a state dict: {_SAVE}"
            )
        inner = _inner(content)
        if not inner:
            others = [str(name) for name, value in content.items() if not isinstance(value, Tensor)]
            what = f"{some(others, 3)} are no tensors" if others else "it is empty"
            raise TeacherError(f"{path} is not a state dict ({what}): {_SAVE}")
        if len(taken) == _DEEPEST:
            raise TeacherError(f"{path} holds state dicts within each other without end: {_SAVE}")
        taken.append(inner[0])
        if inner[1:]:
            say(f"of the file's state dicts `{inner[0]}` was taken, not {some(inner[1:], 3)}")
        content = content[inner[0]]
    if taken:
        say(f"the state dict is `{'.'.join(taken)}` of the file")
    return dict(content)


def _is_state(content: Any) -> bool:
    return isinstance(content, Mapping) and bool(content) and all(
        isinstance(name, str) and isinstance(value, Tensor) for name, value in content.items()
    )  # fmt: skip


def _inner(content: Mapping[str, Any]) -> list[str]:
    """Under which names there may be a state dict: the known ones, else the only one there is."""
    known = [name for name in WRAPPERS if isinstance(content.get(name), Mapping)]
    others = [name for name, value in content.items() if _is_state(value)]
    return known or (others if len(others) == 1 else [])
