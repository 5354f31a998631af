"""A pre-trained classifier to compress, and whether generated images fit it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from autorecon.image_size import Size, as_size
from autorecon.teachers.errors import TeacherError

if TYPE_CHECKING:
    from torch import nn


@attrs.frozen
class Teacher:
    """A classifier in eval mode that takes normalised images [N, *image_shape].

    `module` needs no gradients and gives logits [N, classes]; `image_shape` is (channels, height,
    width). `data` names the data set that it was trained on, `mean` and `std` (one number a
    channel, pixels being 0..1) are those that its images were normalised with: all where they are
    known. `changes` tells what was done to the network to make it so, a line each.
    """

    name: str
    module: nn.Module = attrs.field(repr=False, eq=False)
    classes: int
    image_shape: tuple[int, int, int]
    data: str | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    metadata: dict[str, Any] = attrs.field(factory=dict, repr=False)
    changes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        return self.image_shape[0]

    @property
    def size(self) -> Size:
        """Of its images in pixels: one number, or (height, width)."""
        return as_size(*self.image_shape[1:])


def check_fits(
    teacher: Teacher,
    *,
    image_shape: tuple[int, int, int],
    classes: int | None,
    parameters: Collection[str],
) -> None:
    """Raise TeacherError unless a generator's images and classes are those that a teacher takes.

    `image_shape` is its images' (channels, height, width); `classes` is None where it has none.
    `parameters` are those that it declares, and can be set.
    """
    faults, wanted = [], dict[str, int]()
    channels, height, width = image_shape
    _, rows, columns = teacher.image_shape
    if channels != teacher.channels:
        faults.append(f"images of {channels} channels for a teacher of {teacher.channels}")
        wanted["channels"] = teacher.channels
    if (height, width) != (rows, columns):
        faults.append(f"images of {height}x{width} for a teacher of {rows}x{columns}")
        wanted |= {"size": rows} if rows == columns else {"rows": rows, "columns": columns}
    if classes not in (None, teacher.classes):
        faults.append(f"{classes} classes for a teacher of {teacher.classes}")
        wanted["classes"] = teacher.classes
    if faults:
        said = (
            f"the generator does not fit the teacher {teacher.name}: it makes {', '.join(faults)}"
        )
        raise TeacherError(f"{said}; {_remedy(wanted, parameters)}")


def _remedy(wanted: Mapping[str, int], parameters: Collection[str]) -> str:
    """To set what can be set, and to declare what cannot."""
    settings = " ".join(f"--set {n}={value}" for n, value in wanted.items() if n in parameters)
    fixed = {name: value for name, value in wanted.items() if name not in parameters}
    if not fixed:
        return f"try {settings}"
    named = " and ".join(f"`{name}`" for name in fixed)
    given = ", ".join(f"{name} = {value}" for name, value in fixed.items())
    them = "them" if len(fixed) > 1 else "it"
    return (
        f"it has no parameter {named} to set: declare {them}, as in `space NAME({given})`, and use "
        f"{them} where it has numbers now" + (f"; and try {settings}" if settings else "")
    )
