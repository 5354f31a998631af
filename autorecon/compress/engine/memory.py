"""How much memory a compression will need at most, found on a few samples before it starts."""

from __future__ import annotations

from collections.abc import Callable

import attrs
import torch
from torch import Tensor

from autorecon.compress.config import CompressConfig
from autorecon.compress.engine.compression import Compression
from autorecon.compress.sources import Generated, Inverted, Pictures
from autorecon.nn.kept import ADAM, Kept, mib
from autorecon.objective import Request

HELD = 1.25
"""What is held for each byte in use, as measured on a CPU (`tools/compress_memory.py`): at 32x32
1.2, at 224x224, where blocks are large enough to be given back, 1.0 to 1.1."""


@attrs.frozen
class Memory:
    """Bytes in use at the worst moment of a step. `total` is what that takes of the machine."""

    weights: int  # of all nets, with gradients and the optimisers' moments
    generator: int  # what its backward pass keeps of a whole batch
    models: int  # what that of teacher and student keeps of a part of it
    workspace: int
    pictures: int  # those that are kept to learn from

    @property
    def total(self) -> int:
        return round(HELD * sum(attrs.astuple(self)))

    @property
    def text(self) -> str:
        parts = {
            "weights with gradients and moments": self.weights,
            "activations of the generator": self.generator,
            "of teacher and student": self.models,
            "workspace": self.workspace,
            "pictures": self.pictures,
        }
        shown = ", ".join(f"{name} {mib(size)}" for name, size in parts.items() if size)
        return f"needs about {mib(self.total)} of memory beside torch itself ({shown})"


@attrs.frozen
class _Sizes:
    """What backward passes keep of some images, and the largest tensor of it."""

    generator: int
    teacher: int
    student: int
    largest: int

    def at(self, other: _Sizes, few: int, more: int, count: int) -> _Sizes:
        """Of `count` images, by those of `few`, these, and of `more`, the other's."""
        pairs = zip(attrs.astuple(self), attrs.astuple(other), strict=True)
        sizes = [a + (b - a) * (count - few) // (more - few) for a, b in pairs]
        # The largest of few images may be of a weight, which does not grow.
        return attrs.evolve(_Sizes(*sizes), largest=other.largest * count // more)


FEW, MORE = 2, 4


def estimates(stage: Compression, processes: int = 1) -> Callable[[int, int], Memory]:
    """By the size of a batch and the number of parts in which the models see it, or what one of
    several `processes` has of it.

    The stage has made no step; it is good for nothing else afterwards. What backward keeps is
    counted on 2 and on 4 images, which tells what each further one adds.
    """
    small, large = (_sizes(stage, count) for count in (FEW, MORE))
    weights, looks = _weights(stage), stage.config.looks_at_student
    learns = stage.method.loss is not None

    def at(batch: int, parts: int) -> Memory:
        own = batch // processes
        whole = small.at(large, FEW, MORE, own)
        part = small.at(large, FEW, MORE, -(-own // parts))
        steady = part if stage.student.is_steady else whole
        made = whole.generator + part.teacher + (part.student if looks else 0)
        taught = steady.student if learns else 0
        models = max(made, taught) - whole.generator
        return Memory(weights, whole.generator, max(models, 0), 2 * whole.largest, pictures(batch))

    def pictures(batch: int) -> int:
        source = stage.source
        if not isinstance(source, (Pictures, Inverted)):
            return 0
        image = 4 * torch.Size(source.shape).numel()
        # Beside what is kept there are the present batch and its moments, or the best of it.
        beside = 2 + ADAM if isinstance(source, Pictures) else 2
        return (_kept(stage.config) + beside) * batch * image

    return at


def _kept(config: CompressConfig) -> int:
    """Batches."""
    return min(config.bank or config.image_batches, config.image_batches)


def _weights(stage: Compression) -> int:
    """Generators learn by Adam; a student's momentum is one more, or two by Adam. What a
    student's features are compared with is a teacher more."""
    moments = ADAM if stage.method.optimiser == "adam" else 1
    teachers = 2 if stage.config.alignment or stage.config.cam else 1
    size = teachers * _bytes(stage.view.teacher) + (2 + moments) * _bytes(stage.student.module)
    if isinstance(stage.source, (Generated, Inverted)):
        copies = 1 + (isinstance(stage.source, Inverted) and stage.source.inversion.meta)
        size += copies * (2 + ADAM) * _bytes(stage.source.generator)
    return size


def _bytes(module: torch.nn.Module) -> int:
    return sum(p.numel() * p.element_size() for p in module.parameters())


def _sizes(stage: Compression, count: int) -> _Sizes:
    images, request, made = _images(stage, count)
    taught, learnt = Kept(stage.view.teacher), Kept(stage.student.module)
    with taught.taken():
        seen = stage.view(images, request)
    if stage.method.loss is not None:
        with learnt.taken():
            learns = images if stage.config.perturbation else images.detach()
            answers = stage.training.answers(learns), stage.view.answers(learns)
        del answers
    del seen
    largest = max(kept.largest for kept in (made, taught, learnt))
    return _Sizes(made.bytes, taught.bytes, learnt.bytes, largest)


def _images(stage: Compression, count: int) -> tuple[Tensor, Request, Kept]:
    """Images, a leaf with gradients, what they are asked to show, and what is kept of them."""
    if isinstance(stage.source, Generated):
        made, request = Kept(stage.source.generator), stage.source.ask(count)
        with made.taken():
            images = stage.source.generate(request)
        return images.detach().requires_grad_(), request, made
    if isinstance(stage.source, Inverted):
        made, request = Kept(stage.source.working), stage.source.ask(count)
        codes = stage.source.codes(request)
        with made.taken():
            images, _ = stage.source.generate(request, codes)
        return images.detach().requires_grad_(), request, made
    assert isinstance(stage.source, Pictures)
    images = torch.randn(count, *stage.source.shape, device=stage.view.compute.device)
    request = Request(torch.zeros(count, dtype=torch.int64, device=images.device))
    return images.requires_grad_(), request, Kept(torch.nn.Module())
