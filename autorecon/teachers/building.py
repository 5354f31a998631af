"""Networks without their weights, for a compressed model to fill."""

from __future__ import annotations

import torch
from torch import nn

from autorecon.teachers.collections import COLLECTIONS
from autorecon.teachers.errors import TeacherError
from autorecon.teachers.folding import fold
from autorecon.teachers.inspection import make_float32, unwrapped
from autorecon.teachers.outputs import give_logits
from autorecon.teachers.shipped import describe, names

Shape = tuple[int, int, int]


def architecture_of(teacher: str) -> str:
    """What builds the network of a teacher of this name: itself, or of a shipped one
    autorecon:NAME; "" where no name does."""
    if teacher in names():
        return f"autorecon:{describe(teacher)['architecture']}"
    path, colon, function = teacher.partition(":")
    named = colon and function.isidentifier() and all(map(str.isidentifier, path.split(".")))
    return teacher if named or path in COLLECTIONS else ""


def is_known(architecture: str) -> bool:
    """Whether `build` makes it: what a user's own module makes is not looked for."""
    return architecture.partition(":")[0] in COLLECTIONS


def build(architecture: str, classes: int, image_shape: Shape) -> nn.Module:
    """A network as a teacher has it, with weights that mean nothing, of a name that `is_known`;
    draws of torch's own generator are as before. Raises TeacherError for an unknown name."""
    collection, _, name = architecture.partition(":")
    try:
        with torch.random.fork_rng(devices=[]):
            module = COLLECTIONS[collection](name).build(classes, image_shape[0])
    except TeacherError:
        raise
    # Libraries raise what they like for numbers that they cannot build with.
    except Exception as error:
        raise TeacherError(f"{architecture} cannot be built here: {error}") from error
    return made_ready(module, image_shape)


def parameters_of(architecture: str, classes: int, image_shape: Shape) -> int:
    """How many parameters `build` would give a network, found without their memory; 0 where that
    cannot be told. Raises TeacherError for an unknown name."""
    collection, _, name = architecture.partition(":")
    found = COLLECTIONS[collection](name)
    try:
        with torch.device("meta"):
            module = found.build(classes, image_shape[0])
    # Not every library's network can be made so.
    except Exception:
        return 0
    return sum(parameter.numel() for parameter in module.parameters())


def made_ready(module: nn.Module, image_shape: Shape) -> nn.Module:
    """A user's or a library's network as a teacher of it is: folded, in float32 and in eval mode,
    giving logits of images. Raises TeacherError where it gives none."""
    module = unwrapped(module, _nothing_to_say)
    module.cpu().eval().requires_grad_(False)
    fold(module, _nothing_to_say)
    make_float32(module, _nothing_to_say)
    probe = torch.randn(2, *image_shape, generator=torch.Generator().manual_seed(0))
    give_logits(module, probe.requires_grad_(), _nothing_to_say)
    return module


def _nothing_to_say(line: str) -> None:
    pass
