"""A state dict into a module, strictly, after its names are made those of the module."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from autorecon.lang.wording import some
from autorecon.teachers.checkpoints import Say
from autorecon.teachers.errors import TeacherError

WITHIN = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
"""What torch's wrappers of parts of a network put amidst its names."""

_DEEPEST = 4


def named_as(own: Collection[str], state: Mapping[str, Tensor], say: Say) -> dict[str, Tensor]:
    """The tensors by the names `own` of a module, where a wrapper has put something before them.

    What is not below the prefix that the module's names have, as a loss has, is left out then.
    """
    state = _without_inner(own, state, say)
    prefix = max(_prefixes(state), key=lambda before: (_found(before, own, state), -len(before)))
    if not prefix or 2 * _found(prefix, own, state) < len(own):
        return dict(state)
    say(f"`{prefix}` was taken off the names of the weights")
    if others := [name for name in state if not name.startswith(prefix)]:
        say(f"{len(others)} of the file are not the network's, and left out: {some(others, 3)}")
    return {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}


def _without_inner(
    own: Collection[str], state: Mapping[str, Tensor], say: Say
) -> Mapping[str, Tensor]:
    for part in WITHIN:
        if any(part in name for name in own) or not any(part in name for name in state):
            continue
        say(f"`{part}` was taken out of the names of the weights")
        state = {name.replace(part, ""): value for name, value in state.items()}
    return state


def _prefixes(state: Mapping[str, Tensor]) -> set[str]:
    """All that names begin with, to the depth that wrappers in wrappers reach, and nothing."""
    parts = [name.split(".")[:-1][:_DEEPEST] for name in state]
    return {""} | {
        ".".join(path[:depth]) + "." for path in parts for depth in range(1, len(path) + 1)
    }


def _found(prefix: str, own: Collection[str], state: Mapping[str, Tensor]) -> int:
    return sum(prefix + name in state for name in own)


def put_state(module: nn.Module, state: Mapping[str, Tensor], source: str, say: Say) -> None:
    """Load a state dict whose names, shapes and kinds must be the module's own, as float32.

    Raises TeacherError listing what is missing, unexpected or of another shape or kind.
    """
    own = module.state_dict()
    # Files converted from old checkpoints lack this counter, which eval mode never reads.
    counters = {name for name in own if name.endswith("num_batches_tracked")}
    both = {name: (value, own[name]) for name, value in state.items() if name in own}
    faults = [
        *_listed("missing", own.keys() - state.keys() - counters),
        *_listed("unexpected", state.keys() - own.keys()),
        *_listed(
            "of another shape",
            {
                f"{name} ({list(theirs.shape)} in the file, {list(ours.shape)} in the model)"
                for name, (theirs, ours) in both.items()
                if theirs.shape != ours.shape
            },
        ),
        *_listed(
            "of another kind",
            {
                f"{name} ({_kind(theirs)} in the file, {_kind(ours)} in the model)"
                for name, (theirs, ours) in both.items()
                if name not in counters and not _casts(theirs, ours)
            },
        ),
    ]
    if faults:
        raise TeacherError(f"the weights {source} are not this model's: " + "; ".join(faults))
    kinds = {_kind(value) for value in state.values() if value.is_floating_point()} - {"float32"}
    if kinds:
        say(f"weights in {' and '.join(sorted(kinds))} were made float32")
    module.load_state_dict(dict(state), strict=False)


def _listed(kind: str, found: set[str]) -> list[str]:
    return [f"{len(found)} {kind}: {some(sorted(found), 4)}"] if found else []


def _casts(theirs: Tensor, ours: Tensor) -> bool:
    """Whether values may be taken over: real numbers for real ones, whole for whole ones."""
    plain = theirs.layout == torch.strided and not (theirs.is_quantized or theirs.is_complex())
    return plain and theirs.is_floating_point() == ours.is_floating_point()


def _kind(value: Tensor) -> str:
    dtype = str(value.dtype).removeprefix("torch.")
    return dtype if value.layout == torch.strided else f"sparse {dtype}"
