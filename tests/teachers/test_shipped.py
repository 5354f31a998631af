"""The teachers that come with the package: what is recorded of them is true."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from autorecon import data, teachers
from autorecon.teachers import shipped

NAMES = teachers.names()
LEAST = 89.5


def test_names() -> None:
    assert {"resnet18-fashion32", "resnet20-fashion16", "resnet20-fashion32"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_loads_frozen_and_as_described(name: str) -> None:
    teacher = teachers.load(name)
    described = teachers.describe(name)
    assert described["test_accuracy"] >= LEAST
    assert teacher.metadata == described
    assert teacher.image_shape == (1, described["size"], described["size"])
    assert (teacher.data, teacher.classes) == ("fashion-mnist", 10)
    assert not teacher.module.training
    assert not any(parameter.requires_grad for parameter in teacher.module.parameters())
    dataset = data.load(teacher.data, size=teacher.size)
    assert (dataset.mean, dataset.std) == (tuple(described["mean"]), tuple(described["std"]))


@pytest.mark.parametrize("name", NAMES)
def test_accuracy_on_a_part_of_the_test_images_is_near_the_recorded(name: str) -> None:
    count = 2000 if name.endswith("16") else 400
    teacher = teachers.load(name)
    dataset = data.load("fashion-mnist", size=teacher.size)
    part = data.Split(dataset.test.images[:count], dataset.test.labels[:count])
    # Five standard errors of an accuracy of 91 % over so many images.
    margin = 500 * (0.91 * 0.09 / count) ** 0.5
    found = data.accuracy(teacher.module, dataset, part, batch=100)
    assert abs(found - teacher.metadata["test_accuracy"]) < margin


def test_weights_have_at_most_three_megabytes() -> None:
    assert all(len(shipped.read_weights(name)) <= 3_000_000 for name in NAMES)


def test_running_statistics_are_of_the_data_at_the_first_layer() -> None:
    teacher = teachers.load("resnet20-fashion16")
    dataset = data.load("fashion-mnist", size=16)
    features = teacher.module.conv1(dataset.normalised(dataset.test.images[:1000]))
    layer = teacher.module.bn1
    scale = layer.running_var.sqrt()
    assert ((features.mean((0, 2, 3)) - layer.running_mean) / scale).abs().max() < 0.3
    ratio = features.var((0, 2, 3)) / layer.running_var
    assert torch.all((ratio > 0.6) & (ratio < 1.6))


def test_unknown_names() -> None:
    with pytest.raises(teachers.TeacherError, match="did you mean `resnet20-fashion16") as caught:
        teachers.load("resnet20-fasion16")
    assert "resnet20-fashion32" in str(caught.value)
    assert caught.value.exit_code == 2
    with pytest.raises(teachers.TeacherError, match=r"package\.module:function"):
        teachers.load("alexnet")


def test_what_is_given_must_agree() -> None:
    with pytest.raises(teachers.TeacherError, match="16x16, not 32x32"):
        teachers.load("resnet20-fashion16", size=32)
    with pytest.raises(teachers.TeacherError, match="10 classes apart, not 100"):
        teachers.load("resnet20-fashion16", classes=100)
    with pytest.raises(teachers.TeacherError, match=r"leave out mine\.safetensors"):
        teachers.load("resnet20-fashion16", weights="mine.safetensors")


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The weights file of a copy of the shipped folder, to be damaged."""
    folder = tmp_path / "weights"
    shutil.copytree(str(shipped._folder()), folder)
    monkeypatch.setattr(shipped, "_folder", lambda: folder)
    return folder / "resnet20-fashion16.safetensors"


def test_changed_weights_are_noticed(copied: Path) -> None:
    content = bytearray(copied.read_bytes())
    content[-1] ^= 1
    copied.write_bytes(content)
    with pytest.raises(teachers.TeacherError, match="not the file that was shipped"):
        teachers.load("resnet20-fashion16")


def test_missing_weights_are_noticed(copied: Path) -> None:
    copied.unlink()
    with pytest.raises(teachers.TeacherError, match="missing from this installation"):
        teachers.load("resnet20-fashion16")
