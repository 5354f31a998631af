"""The one door through which modules of the user's own come in."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from types import ModuleType


def import_own(module: str, error: type[Exception]) -> ModuleType:
    """Import from the current folder or what is installed; raises `error` where that fails."""
    here = os.getcwd()
    # A command installed in bin/ does not look into the current folder as `python -m` does.
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return import_module(module)
    except error:
        raise
    # A script without a main guard parses our command line and exits.
    except (Exception, SystemExit) as fault:
        why = f"{type(fault).__name__}: {fault}"
        raise error(f"cannot import {module} (from {here} or what is installed): {why}") from fault
