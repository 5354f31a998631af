"""Which inputs are live, kept in the lowest bits of a diagram's states: one bit a required role."""

from __future__ import annotations

import attrs

from autorecon.lang import Node, Pipeline


@attrs.frozen
class Roles:
    """The roles of which some input must be live, in the order of their bits."""

    required: tuple[str, ...]

    @property
    def width(self) -> int:
        """How many bits there are."""
        return len(self.required)

    @property
    def all_live(self) -> int:
        """The bits of what counts as an architecture."""
        return (1 << self.width) - 1

    def of(self, node: Node) -> int:
        """What is live with a node: itself, if it is an input, and labels that it reads."""
        return self._bit(node.role) | self.read(node.then)

    def read(self, pipeline: Pipeline | None) -> int:
        """What operations make live that name a label."""
        return self._bit("label") if pipeline and pipeline.labels else 0

    def _bit(self, role: str) -> int:
        return 1 << self.required.index(role) if role in self.required else 0
