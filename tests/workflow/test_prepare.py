"""Parts of a run that must fit each other."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
import torch

from autorecon import data
from autorecon.data import Dataset, Split, registry
from autorecon.graph import genotype
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow.config import ConfigError, read_config
from autorecon.workflow.prepare import bind, load_data


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Dataset:
    """Two bright images of 2x2, registered as a data set of mean 0.1 and deviation 0.5."""
    split = Split(torch.full((2, 1, 2, 2), 255, dtype=torch.uint8), torch.tensor([0, 1]))
    dataset = Dataset("toy", 2, 1, ("a", "b"), (0.1,), (0.5,), lambda which: split)
    monkeypatch.setattr(registry, "_LOADERS", dict(registry._LOADERS))
    data.register("toy", lambda size: dataset)
    return dataset


TEACHER = Teacher("t", torch.nn.Identity(), classes=2, image_shape=(1, 2, 2), data="toy")


def brightness(teacher: Teacher) -> float:
    dataset = load_data(read_config({}), teacher)
    return dataset.normalised(dataset.test.images).mean().item()


def test_images_are_normalised_as_the_teachers_were(toy: Dataset) -> None:
    assert brightness(TEACHER) == pytest.approx((1 - 0.1) / 0.5)
    assert brightness(attrs.evolve(TEACHER, mean=(0.2,), std=(0.4,))) == pytest.approx(2)


def test_data_of_other_classes_is_refused(toy: Dataset) -> None:
    with pytest.raises(ConfigError, match="toy has 2 classes and 1 channels, the teacher 3 and 1"):
        load_data(read_config({}), attrs.evolve(TEACHER, classes=3))


def test_no_data(toy: Dataset) -> None:
    assert load_data(read_config({"teacher": {"data": ""}}), TEACHER) is None


def test_a_genotype_takes_the_size_of_another_teacher(tmp_path: Path) -> None:
    wide = attrs.evolve(TEACHER, image_shape=(1, 16, 8))
    square = attrs.evolve(TEACHER, image_shape=(1, 24, 24))
    for first, other in ((wide, square), (square, wide)):
        space = bind("paper", {"width": 2}, first)
        assert space.output.shape == first.image_shape
        choices = {name: decision.options[0] for name, decision in space.program.decisions.items()}
        (tmp_path / "g.space").write_text(genotype(space, choices, of="paper.space").text)
        assert bind(str(tmp_path / "g.space"), {}, other).output.shape == other.image_shape
    with pytest.raises(TeacherError, match="images of 16x16 for a teacher of 24x24"):
        bind("paper", {"size": 16}, square)
