"""Whether a generator's images and classes are a teacher's."""

from __future__ import annotations

import pytest
from torch import nn

from autorecon.teachers import Teacher, TeacherError, check_fits

ALL = ("channels", "size", "classes")
TEACHER = Teacher("t", nn.Identity(), classes=10, image_shape=(1, 16, 16))


@pytest.mark.parametrize("classes", [10, None])
def test_fits(classes: int | None) -> None:
    check_fits(TEACHER, image_shape=(1, 16, 16), classes=classes, parameters=())


@pytest.mark.parametrize(
    ("image_shape", "classes", "both", "remedy"),
    [
        ((3, 16, 16), 10, "images of 3 channels for a teacher of 1", "--set channels=1"),
        ((1, 32, 32), 10, "images of 32x32 for a teacher of 16x16", "--set size=16"),
        ((1, 16, 32), 10, "images of 16x32 for a teacher of 16x16", "--set size=16"),
        ((1, 16, 16), 100, "100 classes for a teacher of 10", "--set classes=10"),
        ((3, 32, 32), 9, "9 classes", "--set channels=1 --set size=16 --set classes=10"),
    ],
)
def test_says_both_sides_and_the_remedy(
    image_shape: tuple[int, int, int], classes: int, both: str, remedy: str
) -> None:
    with pytest.raises(TeacherError, match=both) as caught:
        check_fits(TEACHER, image_shape=image_shape, classes=classes, parameters=ALL)
    assert str(caught.value).endswith(f"; try {remedy}")


@pytest.mark.parametrize(
    ("parameters", "remedy"),
    [
        ((), "no parameter `channels` and `size` to set: declare them, as in `space NAME(channels"),
        (
            ("channels",),
            "declare it, as in `space NAME(size = 16)`, and use it where it has numbers",
        ),
        (("channels",), "; and try --set channels=1"),
    ],
)
def test_what_cannot_be_set_is_not_advised(parameters: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(TeacherError) as caught:
        check_fits(TEACHER, image_shape=(3, 32, 32), classes=10, parameters=parameters)
    assert remedy in str(caught.value)
    assert "--set size" not in str(caught.value)
