"""What a teacher and a student make of a batch, watched part by part to hold less at a time.

The batch is first seen without a graph, the loss is differentiated by what was seen of all of it,
and its gradients are taken on to the images part by part, each being seen once more. The gradients
are those of the whole batch, up to rounding; it costs one more forward pass.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor

from autorecon.compress.sources.base import Learner
from autorecon.objective import Objective, Observation, Request, TeacherView, Values
from autorecon.objective.joining import joined, own_share, shared, tensors_of, with_tensors

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
    student see the images part by part; the gradients are the same, up to rounding. Of several
    processes each has the images of its share, and what is given is of the whole batch.
    """
    own = own_share(request)
    if parts == 1:
        seen = view(images, own)
        if student:
            seen = attrs.evolve(seen, student_logits=student(images))
        seen = shared(_decoded(seen, decoder), request)
        total, values = objective(seen)
        total.backward()
        return total, values, seen
    leaf = images.detach().requires_grad_()
    split = InParts(view, student, leaf, own, parts)
    seen = shared(_decoded(split.observation, decoder), request)
    total, values = objective(seen)
    total.backward()
    split.backward()
    images.backward(leaf.grad)
    return total, values, seen


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
        self.observation = joined(images, request, self._leaves)

    def backward(self) -> None:
        for part, leaves in zip(self._slices, self._leaves, strict=True):
            pairs = zip(tensors_of(self._seen(part)), tensors_of(leaves), strict=True)
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


def _leaves(seen: Observation) -> Observation:
    """The same values, to which gradients lead and end."""
    return with_tensors(seen, [tensor.detach().requires_grad_() for tensor in tensors_of(seen)])
