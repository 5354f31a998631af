from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

import pytest
from torch import nn


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[[nn.Module], str]:
    """Makes a module importable, as the `--teacher` that is returned."""

    def offer(module: nn.Module) -> str:
        own = ModuleType("offered")
        own.network = lambda: module
        monkeypatch.setitem(sys.modules, "offered", own)
        return "offered:network"

    return offer
