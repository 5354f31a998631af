"""A pre-trained classifier to compress, and whether generated images fit it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from autorecon.teachers.errors import TeacherError

if TYPE_CHECKING:
    from torch import nn


@attrs.frozen
class Teacher:
    """A classifier in eval mode that takes normalised images [N, channels, size, size].

    `module` needs no gradients and gives logits [N, classes]; `data` names the data set that it was
    trained on, `mean` and `std` (one number a channel, pixels being 0..1) are those that its images
    were normalised with: all where they are known.
    """

    name: str
    module: nn.Module = attrs.field(repr=False, eq=False)
    classes: int
    channels: int
    size: int
    data: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    metadata: dict[str, Any] = attrs.field(factory=dict, repr=False)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of the images that it takes."""
        return self.channels, self.size, self.size


def check_fits(teacher: Teacher, *, image_shape: tuple[int, int, int], classes: int | None) -> None:
    """Raise TeacherError unless a generator's images and classes are those that a teacher takes.

    `image_shape` is its images' (channels, height, width); `classes` is None where it has none.
    """
    faults, remedies = [], []
    channels, height, width = image_shape
    if channels != teacher.channels:
        faults.append(f"images of {channels} channels for a teacher of {teacher.channels}")
        remedies.append(f"--set channels={teacher.channels}")
    if (height, width) != (teacher.size, teacher.size):
        faults.append(f"images of {height}x{width} for a teacher of {teacher.size}x{teacher.size}")
        remedies.append(f"--set size={teacher.size}")
    if classes not in (None, teacher.classes):
        faults.append(f"{classes} classes for a teacher of {teacher.classes}")
        remedies.append(f"--set classes={teacher.classes}")
    if faults:
        raise TeacherError(
            f"the generator does not fit the teacher {teacher.name}: it makes {', '.join(faults)}; "
            f"try {' '.join(remedies)}"
        )
