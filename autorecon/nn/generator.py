"""A derived generator: the live part of a space whose choices are all made, with no trace of a
search.
"""

from __future__ import annotations

from functools import cached_property

import torch
from torch import Tensor

from autorecon.graph import Space
from autorecon.lang import SpaceError
from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lowering import Plan, lower
from autorecon.nn.net import SpaceNet


class Generator(SpaceNet):
    """A plain generator `(z, y) -> images`. Edges that are `none`, and nodes that they leave dead,
    have no modules. Without `fuse` it is computed operation by operation, as it is exported."""

    def __init__(self, space: Space, *, fuse: bool = True) -> None:
        if not space.is_genotype:
            first = space.decisions[0]
            message = (
                f"`{space.name}` is a search space of {space.architectures:.1e} architectures; "
                "a generator has every choice made"
            )
            help = "derive a genotype from it (`autorecon search`, `autorecon derive`)"
            raise SpaceError([Diagnostic("E0603", message, first.span, help)])
        super().__init__(space, fuse)

    @cached_property
    def _fast(self) -> Plan:
        return self._plan()

    def forward(self, z: Tensor | None, y: Tensor | None = None) -> Tensor:
        plan = lower(self.space) if torch.compiler.is_exporting() else self._fast
        return self._run(plan, z, y, {})
