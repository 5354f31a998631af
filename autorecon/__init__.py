"""AutoReCon: generator search spaces as text, and the data-free compression that they drive.

Importing this loads nothing else; each name is imported when it is first asked for, torch only for
`supernet`, `generator` and `load_compressed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import later

if TYPE_CHECKING:
    from autorecon.compress.packed.load import load_compressed
    from autorecon.graph.from_graph import from_graph
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
    "load_compressed",
    "loads",
    "op",
    "supernet",
]
__version__ = "0.3.0"

__getattr__ = later(
    __name__,
    graph=["Space", "load", "loads"],
    lang=["LabelInput", "OpPlan", "SpaceError", "op"],
    nn=["generator", "supernet"],
    **{"graph.from_graph": ["from_graph"], "compress.packed.load": ["load_compressed"]},
)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
