"""AutoReCon: generator search spaces as text, and the data-free compression that they drive.

Importing this loads nothing else; each name is imported when it is first asked for, torch only for
`supernet`, `generator`, `load_compressed`, and calls of `auto`, `compress` and `search`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.compress.packed.load import load_compressed
    from autorecon.graph.from_graph import from_graph
    from autorecon.graph.space import Space, load, loads
    from autorecon.lang import LabelInput, OpPlan, SpaceError, op
    from autorecon.nn import generator, supernet

    auto: Any
    compress: Any
    search: Any

__all__ = [
    "LabelInput",
    "OpPlan",
    "Space",
    "SpaceError",
    "auto",
    "compress",
    "from_graph",
    "generator",
    "load",
    "load_compressed",
    "loads",
    "op",
    "search",
    "supernet",
]
__version__ = "0.3.0"

_later = later(
    __name__,
    graph=["Space", "load", "loads"],
    lang=["LabelInput", "OpPlan", "SpaceError", "op"],
    nn=["generator", "supernet"],
    **{"graph.from_graph": ["from_graph"], "compress.packed.load": ["load_compressed"]},
)


def __getattr__(name: str) -> Any:
    # Packages, which can be called: see lazy.callable_as.
    if name in ("auto", "compress", "search"):
        return import_module(f"{__name__}.{name}")
    return _later(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
