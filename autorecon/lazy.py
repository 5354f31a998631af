"""Names of a package that are imported when they are first asked for: what needs torch, mostly."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any


def later(package: str, **modules: list[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package, for the names that each of its modules is asked for."""
    homes = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return get
