"""What students are measured by: images, their labels where they have any, and the teacher.

Nothing is chosen by it. The judge of a selection (`select.py`) is another: it weighs images by how
sure the teacher is of them, so as to tell generators apart, and looks at no data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property

import attrs
from torch import Tensor, nn

from autorecon.data import Dataset
from autorecon.data.dataset import asking
from autorecon.data.labels import UNKNOWN
from autorecon.records.results import Data
from autorecon.records.score import Score

KEPT = 2**26
"""Logits of the teacher's that are kept; others are asked for again each time (256 MB)."""

Batch = tuple[Tensor, "Tensor | None"]
"""Images [N, C, H, W] as a network takes them, and labels [N] if they have any, some UNKNOWN."""


@attrs.frozen(eq=False)
class Exam:
    """Images, in the same batches each time, on which networks are compared with a teacher.

    `data` says what they are.
    """

    teacher: nn.Module
    batches: Callable[[], Iterable[Batch]]
    data: Data
    _kept: list[Tensor] = attrs.field(factory=list, init=False, repr=False)

    @classmethod
    def of(cls, teacher: nn.Module, dataset: Dataset) -> Exam:
        """The test images of a data set."""
        images = dataset.test

        def batches() -> Iterator[Batch]:
            return dataset.in_order(images, dataset.batch)

        names, about = list(dataset.class_names), dataset.about
        return cls(teacher, batches, Data(dataset.name, len(images), names, about))

    @cached_property
    def accuracy(self) -> float | None:
        """The teacher's own, in percent, None without labels; every image is read for it."""
        return self.score(self.teacher).accuracy

    def score(self, module: nn.Module) -> Score:
        """How a network in eval mode answers; its layers' modes are put back."""
        count = hits = same = labelled = 0
        divergence = 0.0
        with asking(module) as ask:
            for (images, labels), taught in self._taught():
                answers = taught if module is self.teacher else ask(images)
                named = answers.argmax(1)
                same += int((named == taught.argmax(1)).sum())
                divergence += _divergence(taught, answers)
                count += len(images)
                if labels is not None:
                    labelled += int((labels != UNKNOWN).sum())
                    hits += int((named == labels).sum())
        accuracy = 100 * hits / labelled if labelled else None
        return Score(accuracy, 100 * same / count, divergence / count)

    def _taught(self) -> Iterator[tuple[Batch, Tensor]]:
        """The batches, with the teacher's logits [N, classes]."""
        with asking(self.teacher) as ask:
            for index, batch in enumerate(self.batches()):
                if index < len(self._kept):
                    yield batch, self._kept[index]
                    continue
                logits = ask(batch[0])
                if index == len(self._kept) and index * logits.numel() < KEPT:
                    self._kept.append(logits)
                yield batch, logits


def _divergence(taught: Tensor, answers: Tensor) -> float:
    """The sum over a batch of KL(teacher || network), in nats."""
    theirs, own = (logits.double().log_softmax(1) for logits in (taught, answers))
    return float((theirs.exp() * (theirs - own)).sum())
