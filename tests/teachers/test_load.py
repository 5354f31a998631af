"""A user's own classifier: found in the current folder, loaded strictly, looked at closely."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from autorecon import teachers
from autorecon.objective import lacking

SOURCE = """
import torch
from torch import nn

def small():
    layers = [nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 5))

def sized():
    module = small()
    module.input_size = 8
    return module

def features(): return small()[:2]
def one_size(): return nn.Sequential(*small()[:2], nn.Flatten(), nn.Linear(4 * 36, 5))
def no_convolution(): return nn.Sequential(nn.Flatten(), nn.Linear(162, 5))
def signals(): return nn.Sequential(nn.Conv1d(2, 4, 3))
def fails(): raise RuntimeError("no luck")
def needs(depth): return small()
def a_number(): return 3

def not_finite():
    module = small()
    module[1].running_var[2] = torch.inf
    return module

model = small()
number = 3
"""


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a module `own_models` in it."""
    (tmp_path / "own_models.py").write_text(SOURCE)
    (tmp_path / "broken_models.py").write_text("1 / 0")
    (tmp_path / "a_script.py").write_text("raise SystemExit('usage: a_script')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    for name in ("own_models", "broken_models"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield tmp_path
    for name in ("own_models", "broken_models"):
        sys.modules.pop(name, None)


def test_what_is_found_by_looking(own: Path) -> None:
    teacher = teachers.load("own_models:small", size=9)
    assert (teacher.name, teacher.data) == ("own_models:small", None)
    assert (teacher.image_shape, teacher.classes) == ((2, 9, 9), 5)
    assert not teacher.module.training
    assert not any(parameter.requires_grad for parameter in teacher.module.parameters())


def test_the_probe_changes_nothing(own: Path) -> None:
    state = teachers.load("own_models:small", size=9).module.state_dict()
    assert torch.equal(state["1.running_mean"], torch.zeros(4))
    assert state["1.num_batches_tracked"] == 0


def test_own_size(own: Path) -> None:
    assert teachers.load("own_models:sized").size == 8
    assert teachers.load("own_models:sized", size=12).size == 12


def test_weights_are_loaded(own: Path) -> None:
    module = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4))
    module.append(nn.Identity()).append(nn.Identity()).append(nn.Linear(4, 5))
    state = {name: value for name, value in module.state_dict().items() if "num_" not in name}
    save_file(state, own / "own.safetensors")
    teacher = teachers.load("own_models:small", weights=own / "own.safetensors", size=9)
    loaded = teacher.module.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"4.bias": None}, "1 missing: 4.bias"),
        ({"5.bias": torch.zeros(2)}, "1 unexpected: 5.bias"),
        ({"4.bias": torch.zeros(3)}, r"4.bias (\[3\] in the file, \[5\] in the model)"),
        ({"1.bias": torch.full((4,), torch.nan)}, "1.bias hold values that are infinite"),
    ],
)
def test_weights_that_are_not_the_models(
    own: Path, change: dict[str, torch.Tensor | None], said: str
) -> None:
    module = teachers.load("own_models:small", size=9).module
    state = {k: v for k, v in {**module.state_dict(), **change}.items() if v is not None}
    save_file(state, own / "own.safetensors")
    with pytest.raises(teachers.TeacherError, match=said.replace("(", r"\(").replace(")", r"\)")):
        teachers.load("own_models:small", weights="own.safetensors", size=9)


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nowhere:small", "cannot import nowhere .*No module named"),
        ("broken_models:small", "cannot import broken_models .*ZeroDivisionError"),
        ("a_script:small", "cannot import a_script .*SystemExit: usage: a_script"),
        ("own_models:smal", "own_models has no function called smal"),
        ("own_models:number", "a int, not a function, called number"),
        ("own_models:model", "a Sequential, not a function, called model"),
        ("own_models:", "not of the form package.module:function"),
        (":small", "not of the form"),
        ("own_models:a.b", "not of the form"),
        (".own_models:small", "cannot import .own_models"),
        ("own_models:fails", r"own_models:fails\(\) failed with RuntimeError: no luck"),
        ("own_models:needs", "missing 1 required positional argument"),
        ("own_models:a_number", "returned a int, not a torch.nn.Module"),
        ("own_models:no_convolution", "no Conv2d layer: give it with --channels"),
        ("own_models:signals", "signals or volumes alone"),
        ("own_models:features", r"logits of shape \[images, classes\], not \[3, 4, 7, 7\]"),
        ("own_models:one_size", r"fails on images of shape \[3, 2, 9, 9\]"),
        ("own_models:not_finite", "1.running_var hold values that are infinite"),
    ],
)
def test_says_what_is_wrong(own: Path, spec: str, said: str) -> None:
    with pytest.raises(teachers.TeacherError, match=said):
        teachers.load(spec, size=9)


def test_size_and_classes(own: Path) -> None:
    with pytest.raises(teachers.TeacherError, match="size of the model's images is not known"):
        teachers.load("own_models:small")
    with pytest.raises(teachers.TeacherError, match=r"whole number of pixels above 0, .* not 0"):
        teachers.load("own_models:small", size=0)
    with pytest.raises(teachers.TeacherError, match="tells 5 classes apart, not 6"):
        teachers.load("own_models:small", size=9, classes=6)
    assert teachers.load("own_models:small", size=9, classes=5).classes == 5


def test_a_network_without_convolutions_takes_the_channels_given(own: Path) -> None:
    teacher = teachers.load("own_models:no_convolution", size=9, channels=2)
    assert (teacher.image_shape, teacher.classes) == ((2, 9, 9), 5)
    assert lacking(teacher.module, ["statistics"]) == ["statistics"]
