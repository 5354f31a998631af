"""Weights from a safetensors file into a module, strictly."""

from __future__ import annotations

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from autorecon.teachers.errors import TeacherError


def read_state(path: Path) -> dict[str, Tensor]:
    """The tensors of a .safetensors file; TeacherError where there is no such file."""
    try:
        return parse_state(path.read_bytes(), str(path))
    except OSError as error:
        raise TeacherError(f"cannot read the weights {path}: {error.strerror}") from error


def parse_state(content: bytes, source: str) -> dict[str, Tensor]:
    """The tensors in the bytes of a safetensors file, which `source` names in errors."""
    try:
        return load(content)
    except SafetensorError as error:
        raise TeacherError(
            f"{source} is not a safetensors file ({error}); save a state dict with "
            "safetensors.torch.save_file(model.state_dict(), path), or turn a .pth into one with "
            "tools/convert_weights.py"
        ) from error


def put_state(module: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Load a state dict whose names and shapes must be the module's own.

    Raises TeacherError listing what is missing, unexpected or of another shape.
    """
    own = module.state_dict()
    # Files converted from old checkpoints lack this counter, which eval mode never reads.
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    differing = {
        f"{name} ({list(value.shape)} in the file, {list(own[name].shape)} in the model)"
        for name, value in state.items()
        if name in own and own[name].shape != value.shape
    }
    faults = [
        *_listed("missing", own.keys() - state.keys() - counters),
        *_listed("unexpected", state.keys() - own.keys()),
        *_listed("of another shape", differing),
    ]
    if faults:
        raise TeacherError(f"the weights {source} are not this model's: " + "; ".join(faults))
    module.load_state_dict(state, strict=False)


def _listed(kind: str, found: set[str], most: int = 4) -> list[str]:
    if not found:
        return []
    shown = ", ".join(sorted(found)[:most])
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return [f"{len(found)} {kind}: {shown}{more}"]
