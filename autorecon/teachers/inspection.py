"""Whether a user's module is a network at all that can be compressed, found before it is called."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from autorecon.lang.wording import some
from autorecon.teachers.checkpoints import Say
from autorecon.teachers.errors import TeacherError


def unwrapped(module: nn.Module, say: Say) -> nn.Module:
    """The network itself within torch.compile, DataParallel or DistributedDataParallel."""
    for name in ("_orig_mod", "module"):
        inner = getattr(module, name, None)
        wraps = name in module._modules and type(module).__module__.startswith("torch.")
        if wraps and isinstance(inner, nn.Module):
            say(f"the network was taken out of {type(module).__name__}")
            return unwrapped(inner, say)
    return module


def require_values(module: nn.Module) -> None:
    """Raise TeacherError for what has no weights yet, or none that can be read."""
    if isinstance(module, torch.jit.ScriptModule):
        raise TeacherError(
            "the model is TorchScript, whose layers cannot be looked into: return the network that "
            "it was made of"
        )
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    if lazy := [name for name, value in tensors.items() if is_lazy(value)]:
        raise TeacherError(
            f"the model's {some(lazy, 3)} are of lazy layers and have no shape yet: call the model "
            "once on images in the function that returns it"
        )
    if empty := [name for name, value in tensors.items() if value.is_meta]:
        raise TeacherError(
            f"the model's {some(empty, 3)} are on the meta device and have no values"
        )


def make_float32(module: nn.Module, say: Say) -> None:
    """Make weights of other real numbers float32; TeacherError where they are no real numbers."""
    kinds = {name: value.dtype for name, value in module.named_parameters()}
    wrong = [f"{n} ({_name(kind)})" for n, kind in kinds.items() if not kind.is_floating_point]
    if wrong:
        raise TeacherError(
            f"the model's {some(wrong, 3)} are not real numbers in floating point; a network to "
            "compress is one in full precision"
        )
    if others := sorted({_name(kind) for kind in kinds.values()} - {"float32"}):
        say(f"weights in {' and '.join(others)} were made float32")
    module.float()


def require_finite(module: nn.Module) -> None:
    """Raise TeacherError where a weight or a statistic cannot be that of a trained network."""
    state = {n: v for n, v in module.state_dict().items() if isinstance(v, Tensor)}
    if bad := [name for name, value in state.items() if not torch.isfinite(value).all()]:
        raise TeacherError(
            f"the model's {some(bad, 3)} hold values that are infinite or not a number"
        )
    if bad := [n for n, v in state.items() if n.endswith("running_var") and (v < 0).any()]:
        raise TeacherError(f"the model's {some(bad, 3)} hold variances below 0")


def _name(kind: torch.dtype) -> str:
    return str(kind).removeprefix("torch.")
