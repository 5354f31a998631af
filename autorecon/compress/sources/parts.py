"""What a teacher and a student make of a batch, watched part by part to hold less at a time.

Losses look at the whole batch, by statistics over all of its images, so that losses of parts would
be other losses. Here the batch is first seen without a graph, the loss is differentiated by what
was seen, and its gradients are taken on to the images part by part, each being seen once more. The
gradients are those of the whole batch, up to rounding; it costs one more forward pass.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor

from autorecon.compress.sources.base import Learner
from autorecon.nn.transfer import sent
from autorecon.objective import (
    LayerStatistics,
    Objective,
    Observation,
    Request,
    TeacherView,
    Values,
)

Decoder = Callable[[Tensor], Tensor]
"""Images [N, C, H, W] to the noise [N, latent] that they were made of."""


def differentiate(
    objective: Objective,
    view: TeacherView,
    student: Learner | None,
    images: Tensor,
    request: Request,
    parts: int = 1,
    decoder: Decoder | None = None,
) -> tuple[Tensor, Values, Observation]:
    """The backward pass of an objective on images that have a graph, or are a leaf themselves.

    Gives the loss, its terms' values and what was seen. With more than one part, teacher and
    student see the images part by part; the gradients are the same, up to rounding.
    """
    if parts == 1:
        seen = view(images, request)
        if student:
            seen = attrs.evolve(seen, student_logits=student(images))
        total, values = objective(_decoded(seen, decoder))
        total.backward()
        return total, values, seen
    leaf = images.detach().requires_grad_()
    split = InParts(view, student, leaf, request, parts)
    total, values = objective(_decoded(split.observation, decoder))
    total.backward()
    split.backward()
    images.backward(leaf.grad)
    return total, values, split.observation


def _decoded(seen: Observation, decoder: Decoder | None) -> Observation:
    return attrs.evolve(seen, recovered=decoder(seen.images)) if decoder else seen


class InParts:
    """Images [N, C, H, W], a leaf with gradients, seen in `parts` of about the same size.

    `observation` is of all of them; after the backward pass of a loss of it, `backward` adds to the
    images' gradients what comes through both models. The student is left out where it is None.
    """

    def __init__(
        self,
        view: TeacherView,
        student: Learner | None,
        images: Tensor,
        request: Request,
        parts: int,
    ) -> None:
        self._view, self._student = view, student
        self._images, self._request = images, request
        size = -(-len(images) // parts)
        self._slices = [slice(at, at + size) for at in range(0, len(images), size)]
        with torch.no_grad():
            found = [self._seen(part) for part in self._slices]
        self._leaves = [_leaves(seen) for seen in found]
        self.observation = _joined(images, request, self._leaves)

    def backward(self) -> None:
        for part, leaves in zip(self._slices, self._leaves, strict=True):
            pairs = zip(_tensors(self._seen(part)), _tensors(leaves), strict=True)
            wanted = [(seen, leaf.grad) for seen, leaf in pairs if leaf.grad is not None]
            if wanted:
                torch.autograd.backward(
                    [seen for seen, _ in wanted], [gradient for _, gradient in wanted]
                )

    def _seen(self, part: slice) -> Observation:
        images = self._images[part]
        seen = self._view(images, self._request.part(part))
        if self._student is None:
            return seen
        return attrs.evolve(seen, student_logits=self._student(images))


def _tensors(seen: Observation) -> list[Tensor]:
    """What a loss may look at, but for the images, in one order."""
    statistics = [tensor for layer in seen.statistics for tensor in (layer.mean, layer.variance)]
    others = (seen.logits, seen.features, seen.student_logits)
    return [*statistics, *(tensor for tensor in others if tensor is not None)]


def _leaves(seen: Observation) -> Observation:
    """The same values, to which gradients lead and end."""

    def leaf(tensor: Tensor) -> Tensor:
        return tensor.detach().requires_grad_()

    layers = [
        attrs.evolve(layer, mean=leaf(layer.mean), variance=leaf(layer.variance))
        for layer in seen.statistics
    ]
    found = attrs.evolve(seen, statistics=layers, logits=leaf(seen.logits))
    if seen.features is not None:
        found = attrs.evolve(found, features=leaf(seen.features))
    if seen.student_logits is not None:
        found = attrs.evolve(found, student_logits=leaf(seen.student_logits))
    return found


def _joined(images: Tensor, request: Request, parts: list[Observation]) -> Observation:
    def all_of(name: str) -> Tensor | None:
        found = [getattr(part, name) for part in parts]
        return None if found[0] is None else torch.cat(found)

    own = torch.tensor([[len(part.images) / len(images)] for part in parts])
    shares = sent(own, images.device)
    layers = zip(*(part.statistics for part in parts), strict=True)
    logits = all_of("logits")
    assert logits is not None
    return Observation(
        images,
        request,
        logits,
        [_pooled(layer, shares) for layer in layers],
        all_of("features"),
        all_of("student_logits"),
    )


def _pooled(parts: tuple[LayerStatistics, ...], weights: Tensor) -> LayerStatistics:
    """Mean and variance of a batch by those of its parts, which are weighed by [parts, 1]: the
    variance within and between them."""
    means = torch.stack([part.mean for part in parts])
    mean = (weights * means).sum(0)
    within = torch.stack([part.variance for part in parts])
    variance = (weights * (within + (means - mean).square())).sum(0)
    return attrs.evolve(parts[0], mean=mean, variance=variance)
