"""Checkpointed blocks, computed as if they were not while something looks into them.

`torch.utils.checkpoint` runs a block anew in the backward pass. What was noted of the first run
would then have no gradient (`use_reentrant=True`), or the second run other values to keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest import mock

from torch.utils import checkpoint


def _applied(function: Any, preserve: bool, *args: Any) -> Any:
    return function(*args)


def _kept(*args: Any, **kwargs: Any) -> Iterator[None]:
    yield


# What torch's function hands a block to, by kind; the names of the second vary with its version.
_PLAIN = {
    "CheckpointFunction": SimpleNamespace(apply=_applied),
    "_checkpoint_without_reentrant_generator": _kept,
    "_checkpoint_without_reentrant_generator_impl": _kept,
}


@contextmanager
def without_checkpointing() -> Iterator[None]:
    """Within it, `torch.utils.checkpoint` keeps what it would otherwise compute again."""
    with ExitStack() as replaced:
        for name, plain in _PLAIN.items():
            if hasattr(checkpoint, name):
                replaced.enter_context(mock.patch.object(checkpoint, name, plain))
        yield
