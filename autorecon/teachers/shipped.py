"""The teachers that come with the package, listed from their .json files, without torch."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from autorecon.teachers.errors import TeacherError

GIVEN = "a module given in Python"
"""What the name of a teacher begins with that has no other name."""


def _folder() -> Traversable:
    return files("autorecon.teachers") / "weights"


def names() -> list[str]:
    """The names of the teachers that come with the package."""
    described = (entry.name for entry in _folder().iterdir() if entry.name.endswith(".json"))
    return sorted(name.removesuffix(".json") for name in described)


def describe(name: str) -> dict[str, Any]:
    """What is recorded of a shipped teacher: architecture, data, recipe, test accuracy in percent.

    Raises TeacherError, listing the shipped ones, on an unknown name.
    """
    known = names()
    if name not in known:
        from autorecon.lang import did_you_mean

        raise TeacherError(
            f"no teacher is called {name!r} (with weights of yours, a network is named "
            "autorecon:NAME, torchvision:NAME or timm:NAME; a model of your own "
            f"package.module:function): {did_you_mean(name, known)}"
        )
    described: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text("utf-8"))
    return described


def read_weights(name: str) -> bytes:
    """The safetensors file of a shipped teacher; TeacherError unless it has the recorded sha256."""
    file = f"{name}.safetensors"
    try:
        content = (_folder() / file).read_bytes()
    except FileNotFoundError as error:
        raise TeacherError(f"{file} is missing from this installation; install it again") from error
    if hashlib.sha256(content).hexdigest() != describe(name)["sha256"]:
        raise TeacherError(f"{file} is not the file that was shipped (sha256); install it again")
    return content
