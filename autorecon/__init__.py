"""AutoReCon: generator search spaces as text, and the data-free compression that they drive.

Importing this loads nothing else; each name is imported when it is first asked for, torch only for
`supernet` and `generator`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autorecon.graph.dag.from_graph import from_graph
    from autorecon.graph.space import Space, load, loads
    from autorecon.lang import LabelInput, OpPlan, SpaceError, op
    from autorecon.nn import generator, supernet

__all__ = [
    "LabelInput",
    "OpPlan",
    "Space",
    "SpaceError",
    "from_graph",
    "generator",
    "load",
    "loads",
    "op",
    "supernet",
]
__version__ = "0.1.0"

_HOMES = {
    "LabelInput": "autorecon.lang",
    "OpPlan": "autorecon.lang",
    "Space": "autorecon.graph.space",
    "SpaceError": "autorecon.lang",
    "from_graph": "autorecon.graph.dag.from_graph",
    "generator": "autorecon.nn",
    "load": "autorecon.graph.space",
    "loads": "autorecon.graph.space",
    "op": "autorecon.lang",
    "supernet": "autorecon.nn",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'autorecon' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
