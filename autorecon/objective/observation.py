"""What a loss term may look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@attrs.frozen(eq=False)
class LayerStatistics:
    """One call of a BatchNorm layer: the batch's statistics of its input beside its own, [C]."""

    mean: Tensor
    variance: Tensor
    running_mean: Tensor
    running_var: Tensor


@attrs.frozen(eq=False)
class Architecture:
    """What the generator costs, as 0-d tensors from 0 to 1.

    `parameters` and `macs` (multiply-accumulates) are relative to the dearest architecture of the
    space, and means where a search has probabilities. `entropy` is the mean over the decisions of
    H(p) / log(options): 1 while nothing is decided, 0 for a single architecture.
    """

    parameters: Tensor
    macs: Tensor
    entropy: Tensor


@attrs.frozen(eq=False)
class Request:
    """What images are asked to show.

    labels int64 [N]; targets [N, classes] are the shares of the classes where an image is asked to
    show several; noise [N, latent] is what a generator makes the images of. `drawn` are the labels
    as they were drawn on the host, where all else may be on a device.
    """

    labels: Tensor
    targets: Tensor | None = None
    noise: Tensor | None = None
    drawn: Tensor | None = None

    @property
    def labels_here(self) -> Tensor:
        """The labels on the host."""
        return self.labels.cpu() if self.drawn is None else self.drawn

    def on(self, device: torch.device | str) -> Request:
        """The same, all of it on a device."""
        from autorecon.nn.transfer import sent

        moved = self._each(lambda tensor: sent(tensor, device))
        return attrs.evolve(moved, drawn=self.labels_here)

    def part(self, which: slice) -> Request:
        """What some of the images are asked to show."""
        found = self._each(lambda tensor: tensor[which])
        return found if self.drawn is None else attrs.evolve(found, drawn=self.drawn[which])

    def state(self) -> dict[str, Tensor | None]:
        """As `runs.save_state` writes it: the labels once."""
        return attrs.asdict(attrs.evolve(self, drawn=None))

    def _each(self, change: Callable[[Tensor], Tensor]) -> Request:
        parts = (self.targets, self.noise)
        return Request(change(self.labels), *(None if t is None else change(t) for t in parts))


@attrs.frozen(eq=False)
class Observation:
    """One batch of images, what was asked of them, and what the teacher makes of them.

    images [N, C, H, W], logits [N, classes]; features [N, D] enter the teacher's last Linear
    layer, and are None where it has none. student_logits [N, classes] are there only once there
    is a student, and only for an objective that asks for them; recovered [N, latent] is the noise
    as a decoder reads it off the images, and only for one that asks for it; the architecture is
    there in those steps of a search that choose it.
    """

    images: Tensor
    request: Request
    logits: Tensor
    statistics: list[LayerStatistics]
    features: Tensor | None = None
    student_logits: Tensor | None = None
    architecture: Architecture | None = None
    recovered: Tensor | None = None

    @property
    def labels(self) -> Tensor:
        return self.request.labels
