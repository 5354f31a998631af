"""Observations of parts of a batch, joined to one of the whole: of parts that follow each other, or
of the shares of several processes. Losses look at the whole batch, by statistics over all of its
images, so that losses of parts would be other losses.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import torch
from torch import Tensor

from autorecon.nn import processes
from autorecon.nn.transfer import sent
from autorecon.objective.observation import LayerStatistics, Observation, Request


def own_share(request: Request) -> Request:
    """What this process's images are asked to show."""
    if processes.now().size == 1:
        return request
    return request.part(processes.own_share(len(request.labels)))


def shared(seen: Observation, request: Request) -> Observation:
    """What all processes see of a batch that was asked for by `request`, by what this one sees of
    its share; the same in all of them, with a graph to what is its own."""
    if processes.now().size == 1:
        return seen
    own = [seen.images, *tensors_of(seen)]
    sizes = [tensor.numel() for tensor in own]
    parts = []
    for row in processes.gather(torch.cat([tensor.flatten() for tensor in own])):
        flat = zip(row.split(sizes), own, strict=True)
        images, *others = [values.view(like.shape).to(like.dtype) for values, like in flat]
        parts.append(with_tensors(attrs.evolve(seen, images=images), others))
    return joined(torch.cat([part.images for part in parts]), request, parts)


def tensors_of(seen: Observation) -> list[Tensor]:
    """What a loss may look at, but for the images, in one order."""
    statistics = [tensor for layer in seen.statistics for tensor in (layer.mean, layer.variance)]
    others = (seen.logits, seen.features, seen.student_logits, seen.recovered)
    return [*statistics, *(tensor for tensor in others if tensor is not None)]


def with_tensors(seen: Observation, tensors: Sequence[Tensor]) -> Observation:
    """The same with others in the place of its `tensors_of`."""
    given = iter(tensors)
    layers = [
        attrs.evolve(layer, mean=next(given), variance=next(given)) for layer in seen.statistics
    ]
    return attrs.evolve(
        seen,
        statistics=layers,
        logits=next(given),
        features=None if seen.features is None else next(given),
        student_logits=None if seen.student_logits is None else next(given),
        recovered=None if seen.recovered is None else next(given),
    )


def joined(images: Tensor, request: Request, parts: Sequence[Observation]) -> Observation:
    """Of all images [N, C, H, W], by what was seen of parts of them."""

    def all_of(name: str) -> Tensor | None:
        found = [getattr(part, name) for part in parts]
        return None if found[0] is None else torch.cat(found)

    own = [[len(part.images) / len(images)] for part in parts]
    shares = sent(torch.tensor(own, dtype=torch.float64), images.device)
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
        recovered=all_of("recovered"),
    )


def _pooled(parts: tuple[LayerStatistics, ...], shares: Tensor) -> LayerStatistics:
    """Mean and variance of a batch by those of its parts, which are weighed by [parts, 1]: the
    variance within and between them."""
    weights = shares.to(parts[0].mean)
    means = torch.stack([part.mean for part in parts])
    mean = (weights * means).sum(0)
    within = torch.stack([part.variance for part in parts])
    variance = (weights * (within + (means - mean).square())).sum(0)
    return attrs.evolve(parts[0], mean=mean, variance=variance)
