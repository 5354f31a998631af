"""Networks of libraries by their names, filled with weights from a file of the user's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from autorecon import teachers
from autorecon.objective import lacking
from autorecon.teachers import TeacherError, collections
from autorecon.teachers.architectures import ARCHITECTURES

IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[nn.Module], Path]:
    """Writes a module's state dict to a file."""

    def save(module: nn.Module) -> Path:
        path = tmp_path / "weights.safetensors"
        save_file(module.state_dict(), path)
        return path

    return save


def test_own_networks_take_classes_and_channels_from_the_weights(saved) -> None:
    module = ARCHITECTURES["resnet18_x0_25"](7, 2).eval()
    teacher = teachers.load("autorecon:resnet18_x0_25", weights=saved(module))
    assert (teacher.name, teacher.data) == ("autorecon:resnet18_x0_25", None)
    assert (teacher.classes, teacher.image_shape) == (7, (2, 32, 32))
    assert (teacher.mean, teacher.std) == (None, None)
    images = torch.randn(2, 2, 32, 32)
    with torch.no_grad():
        assert torch.equal(teacher.module(images), module(images))
    assert not teacher.module.training
    assert not any(p.requires_grad for p in teacher.module.parameters())


@pytest.mark.parametrize("classes", [1000, 7])
def test_torchvisions_are_normalised_as_imagenet(saved, classes: int) -> None:
    path = saved(models.mobilenet_v3_small(num_classes=classes))
    teacher = teachers.load("torchvision:mobilenet_v3_small", weights=path)
    assert (teacher.classes, teacher.image_shape) == (classes, (3, 224, 224))
    assert (teacher.mean, teacher.std) == IMAGENET
    assert teachers.load("torchvision:mobilenet_v3_small", weights=path, size=64).size == 64


def test_every_family_has_a_head_that_is_found() -> None:
    heads = {"resnet18": "fc", "vgg11_bn": "classifier.6", "densenet121": "classifier"}
    for name, head in heads.items():
        with torch.device("meta"):
            module = models.get_model(name, weights=None)
        state = {f"{head}.weight": torch.zeros(12, 3)}
        assert collections._length(state, collections._last(module, nn.Linear), 0) == 12


class Timm(SimpleNamespace):
    """What is used of timm, and what it was asked for."""

    def __init__(self) -> None:
        super().__init__(asked=[])

    def is_model(self, name: str) -> bool:
        return name.partition(".")[0] == "tiny"

    def list_models(self) -> list[str]:
        return ["tiny", *(f"other{i}" for i in range(10))]

    def get_pretrained_cfg(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(input_size=(3, 48, 48), mean=(0.5, 0.4, 0.3), std=(0.1, 0.2, 0.3))

    def create_model(self, name: str, **options: int) -> nn.Module:
        self.asked.append((name, options))
        return tiny(options["num_classes"], options["in_chans"])


def tiny(classes: int, channels: int) -> nn.Module:
    layers = [nn.Conv2d(channels, 4, 3), nn.BatchNorm2d(4), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes))


def test_timms(saved, monkeypatch: pytest.MonkeyPatch) -> None:
    timm = Timm()
    monkeypatch.setitem(sys.modules, "timm", timm)
    teacher = teachers.load("timm:tiny.some_tag", weights=saved(tiny(5, 3)))
    assert (teacher.classes, teacher.image_shape) == (5, (3, 48, 48))
    assert (teacher.mean, teacher.std) == ((0.5, 0.4, 0.3), (0.1, 0.2, 0.3))
    assert timm.asked[-1] == (
        "tiny.some_tag",
        {"pretrained": False, "num_classes": 5, "in_chans": 3},
    )
    grey = teachers.load("timm:tiny", weights=saved(tiny(5, 1)))
    assert (grey.channels, grey.mean) == (1, None)
    with pytest.raises(TeacherError, match="did you mean `tiny`"):
        teachers.load("timm:tinyy", weights="x")
    with pytest.raises(TeacherError, match="no classifier called 'hf-hub:someone/tiny'"):
        teachers.load("timm:hf-hub:someone/tiny", weights="x")


def test_without_timm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(TeacherError, match=r"pip install 'autorecon\[timm\]'"):
        teachers.load("timm:resnet18", weights="x")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("torchvision:resnet19", "called 'resnet19': did you mean `resnet1"),
        ("autorecon:alexnet", "known here: `mobilenet_v2`, `mobilenet_v2_x0_5`, `resnet18`"),
        ("autorecon:resnet20", "comes without weights, and none are downloaded: name a"),
        ("torchvision:resnet18", "comes without weights"),
    ],
)
def test_says_what_is_wrong(spec: str, said: str) -> None:
    with pytest.raises(TeacherError, match=said) as caught:
        teachers.load(spec)
    assert caught.value.exit_code == 2


def test_weights_of_another_network(saved) -> None:
    path = saved(tiny(5, 3))
    with pytest.raises(TeacherError, match=r"are not this model's: .* missing: bn1\.bias"):
        teachers.load("autorecon:resnet20", weights=path)


def test_torchvisions_own_files_of_densenet(tmp_path: Path) -> None:
    state = models.densenet121(num_classes=3).state_dict()
    former = re.compile(r"(denselayer\d+\.(?:norm|conv))([12]\.)")
    torch.save({former.sub(r"\1.\2", name): v for name, v in state.items()}, tmp_path / "w.pth")
    teacher = teachers.load("torchvision:densenet121", weights=tmp_path / "w.pth", size=32)
    assert teacher.classes == 3


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_heads_for_training_alone_are_left_out(name: str) -> None:
    architecture, changes = collections.torchvision(name), []
    with torch.device("meta"):
        full = models.get_model(name, weights=None, aux_logits=True, init_weights=False)
        module, state = architecture.fitted(full.state_dict(), changes.append)
    assert state.keys() == module.state_dict().keys() < full.state_dict().keys()
    assert module.transform_input
    assert changes[0].startswith("auxiliary heads")


def test_networks_without_batch_norm_are_for_methods_that_need_none(saved) -> None:
    path = saved(models.squeezenet1_1(num_classes=1000))
    teacher = teachers.load("torchvision:squeezenet1_1", weights=path)
    assert lacking(teacher.module, ["statistics"]) == ["statistics"]


def test_given_normalisation_counts(saved) -> None:
    path = saved(ARCHITECTURES["resnet20"](10, 1))
    teacher = teachers.load("autorecon:resnet20", weights=path, mean=[0.5], std=[1])
    assert (teacher.mean, teacher.std) == ((0.5,), (1.0,))


@pytest.mark.parametrize(
    ("mean", "std", "said"),
    [
        ([0.5], None, "std of the teacher's images must be 1 number, one a channel, not None"),
        ([0.5, 0.5], [1.0], r"mean of .* must be 1 number, one a channel, not \[0.5, 0.5\]"),
        (["0.5"], [1.0], "mean of"),
        ([float("nan")], [1.0], "mean of"),
        ([0.5], [0.0], r"std = \[0.0\] must be above 0"),
    ],
)
def test_normalisation_that_cannot_be(mean: object, std: object, said: str) -> None:
    with pytest.raises(TeacherError, match=said):
        teachers.load("resnet20-fashion16", mean=mean, std=std)


def test_shipped_teachers_state_theirs() -> None:
    teacher = teachers.load("resnet20-fashion16")
    assert teacher.mean == tuple(teacher.metadata["mean"])
    assert teacher.std == tuple(teacher.metadata["std"])
