"""What is measured of a network, on whatever images: the one form that all records have it in."""

from __future__ import annotations

import attrs


@attrs.frozen
class Score:
    """How a network answers images, beside their labels and beside the teacher's answers.

    `accuracy` is top-1 in percent, None where the images have no labels. `agreement` says how often
    its class is the teacher's, in percent, and `divergence` how far it is from the teacher's
    probabilities: the mean KL(teacher || network) in nats. Both are None where only accuracy was
    recorded.
    """

    accuracy: float | None = None
    agreement: float | None = None
    divergence: float | None = None

    @property
    def figure(self) -> float | None:
        """What networks are compared by, in percent: accuracy, or agreement without labels."""
        return self.agreement if self.accuracy is None else self.accuracy

    def columns(self, prefix: str = "") -> dict[str, float]:
        """What is known of it, by name, for a row of metrics.jsonl."""
        known = attrs.asdict(self).items()
        return {prefix + name: value for name, value in known if value is not None}
