"""How much of a network a student has at its bits, as it is written into records."""

from __future__ import annotations

import attrs


@attrs.frozen
class Part:
    """A parameter or a call that stays in full precision: numbers of weights, and of
    multiply-accumulates for an image."""

    name: str
    weights: int
    macs: int

    @property
    def text(self) -> str:
        """Its name, and how much it is."""
        size = f"{self.macs:,} MAC" if self.macs else f"{self.weights:,} weights"
        return f"{self.name} ({size})"


@attrs.frozen(kw_only=True)
class Coverage:
    """Numbers of weights, and of multiply-accumulates for one image: all of them, and those that
    are quantized; `macs_of_both` have quantized values beside quantized weights. `left` are the
    largest of what is not."""

    weights: int
    weights_quantized: int
    macs: int
    macs_quantized: int
    macs_of_both: int
    left: list[Part]

    @property
    def share_of_weights(self) -> float:
        """0 to 1."""
        return self.weights_quantized / max(1, self.weights)

    @property
    def share_of_macs(self) -> float:
        """0 to 1."""
        return self.macs_quantized / max(1, self.macs)

    @property
    def share_of_both(self) -> float:
        """0 to 1, of the multiply-accumulates."""
        return self.macs_of_both / max(1, self.macs)

    @property
    def text(self) -> str:
        """In one line, with the three largest of what stays."""
        left = ", ".join(part.text for part in self.left[:3])
        return (
            f"{self.share_of_weights:.1%} of the weights and {self.share_of_macs:.1%} of the "
            f"multiply-accumulates, {self.share_of_both:.1%} with quantized values beside them"
            + (f"; the largest that stay are {left}" if left else "")
        )
