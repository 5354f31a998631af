"""The model that learns: the teacher quantized, or a smaller network that starts from nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from autorecon.compress.errors import CompressError
from autorecon.compress.quantization.layers import dropping
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.reconstruction import observe, reconstruct
from autorecon.nn import Compute
from autorecon.records.coverage import Coverage
from autorecon.records.results import Site


class Student(ABC):
    """A module under training; called, it answers as it would in use, computed by `compute`."""

    is_steady = True
    """Whether an image's answer, while it is learnt from, depends on no other image."""

    def __init__(self, module: nn.Module) -> None:
        self.module, self.compute = module, Compute()

    def __call__(self, images: Tensor) -> Tensor:
        """Logits [N, classes] in eval mode, with a graph."""
        return self.compute(self.module.eval(), images)

    @abstractmethod
    def learning(self) -> nn.Module:
        """The module in the mode in which it is trained."""

    def dropping(self, share: float) -> AbstractContextManager[None]:
        """While it learns, leave so many of its activations unquantized at random."""
        return nullcontext()

    def begin(self, batches: Iterable[Tensor]) -> bool:
        """Get ready for the first step, given images [N, C, H, W] that are made as they are asked
        for; whether it is worth a score."""
        return False

    def go_on(self) -> None:  # noqa: B027  (most have nothing to do)
        """Be ready again after the state of one that had begun was loaded."""

    @property
    def report(self) -> list[Site]:
        """What is quantized, and what is not."""
        return []

    @property
    def coverage(self) -> Coverage | None:
        """How much of it is quantized; None of what is not meant to be."""
        return None

    def weight_bytes(self) -> float:
        return float_bytes(self.module)


class QuantizedStudent(Student):
    """The teacher with quantized weights and activations; always in eval mode, so that the
    BatchNorm statistics stay the teacher's.
    """

    def __init__(
        self,
        model: QuantizedModel,
        statistics: bool = False,
        reconstruct: bool = False,
    ) -> None:
        super().__init__(model.module)
        self.model = model
        self._statistics, self._reconstruct = statistics, reconstruct

    def learning(self) -> nn.Module:
        return self.module.eval()

    def dropping(self, share: float) -> AbstractContextManager[None]:
        return dropping(self.module, share) if share else nullcontext()

    @torch.no_grad()
    def begin(self, batches: Iterable[Tensor]) -> bool:
        """Fix the activation ranges on images, and by the same images the weights."""
        shown = []
        for images in batches:
            if self._statistics:
                observe(self.model, images)
            else:
                self(images)
            if self._reconstruct:
                shown.append(images)
        self.model.freeze()
        if shown:
            reconstruct(self.model, torch.cat(shown))
        return True

    def go_on(self) -> None:
        self.model.freeze()

    @property
    def report(self) -> list[Site]:
        return self.model.report

    @property
    def coverage(self) -> Coverage:
        return self.model.coverage

    def weight_bytes(self) -> float:
        return self.model.weight_bytes()


class DistilledStudent(Student):
    """A network of its own, trained from its initial weights with its own BatchNorm statistics."""

    is_steady = False

    def learning(self) -> nn.Module:
        return self.module.train()


def float_bytes(module: nn.Module) -> float:
    """Bytes of a module's weights and statistics as float32, each once, whatever its names."""
    values = {id(value): value for value in module.state_dict(keep_vars=True).values()}
    return 4.0 * sum(value.numel() for value in values.values() if value.is_floating_point())


def check_answers(module: nn.Module, like: Tensor, classes: int, name: str) -> None:
    """Raise CompressError unless a module answers images such as `like` with logits."""
    try:
        with torch.no_grad():
            shape = list(module.eval()(like).shape)
    # It may be somebody else's code: anything may be raised.
    except Exception as error:
        given = list(like.shape)
        raise CompressError(f"the student {name} fails on images of {given}: {error}") from error
    if shape != [len(like), classes]:
        raise CompressError(f"the student {name} gives {shape}, not logits of {classes} classes")
