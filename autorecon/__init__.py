"""AutoReCon: generator search spaces as text, and the data-free compression that they drive.

Importing this loads neither torch nor networkx; what needs them loads them when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from autorecon.graph.space import Space, load, loads
from autorecon.lang import SpaceError

if TYPE_CHECKING:
    from autorecon.nn import generator, supernet

__all__ = ["Space", "SpaceError", "generator", "load", "loads", "supernet"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name in ("supernet", "generator"):
        from autorecon import nn

        return getattr(nn, name)
    raise AttributeError(f"module 'autorecon' has no attribute {name!r}")
