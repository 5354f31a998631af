"""The passes in their order, and what each did."""

from __future__ import annotations

from collections.abc import Callable

from autorecon.lowering.convolutions import Convolutions
from autorecon.lowering.flatten import Flatten
from autorecon.lowering.fourier import Fourier
from autorecon.lowering.fuse import Fuse
from autorecon.lowering.in_place import InPlace
from autorecon.lowering.low_resolution import LowResolution
from autorecon.lowering.narrow import Narrow
from autorecon.lowering.plan import Plan
from autorecon.lowering.share import Share
from autorecon.lowering.simplify import Simplify
from autorecon.lowering.stack import Stack

Pass = Callable[[Plan], Plan]
PASSES = (
    Simplify(),
    Flatten(),
    Convolutions(),
    LowResolution(),
    Share(),
    Fuse(),
    Fourier(),
    Stack(),
    Narrow(),
    Simplify(),
    InPlace(),
)


def optimise(plan: Plan) -> Plan:
    """The plan after all passes: the same net, computed with less work and less memory."""
    for change in PASSES:
        plan = change(plan)
    return plan
