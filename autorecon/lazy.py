"""Names of a package that are imported when they are first asked for: what needs torch, mostly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any


def later(package: str, **modules: list[str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package, for the names that each of its modules is asked for."""
    homes = {name: module for module, names in modules.items() for name in names}

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{homes[name]}"), name)

    return get


def upward(module: str, name: str) -> Any:
    """What stands higher up, for that which hands over to it and knows no more of it."""
    return getattr(import_module(module), name)


class _CallablePackage(ModuleType):
    _function: tuple[str, str]

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return upward(*self._function)(*arguments, **named)


def callable_as(package: str, module: str, name: str) -> None:
    """Let a package be called as the function of the same name, which stands higher up.

    `autorecon.compress` is what users call and a package that they import from, and Python has one
    attribute for both.
    """
    found = sys.modules[package]
    found.__class__ = _CallablePackage
    found._function = (module, name)  # type: ignore[attr-defined]
