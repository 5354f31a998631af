"""docs/teachers.md is true: its network can be brought, and said of it is what is done."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
import torch

from autorecon import teachers
from autorecon.cli.options import teacher_options
from autorecon.teachers.checkpoints import WRAPPERS
from autorecon.workflow.prepare import bind

PAGE = (Path(__file__).parents[2] / "docs" / "teachers.md").read_text("utf-8")
OF_A_SPACE = ("paper", "gdfq-cifar", "gdfq-imagenet", "autorecon", "dfad")


@pytest.fixture
def birds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The network of the page, in the current folder."""
    (source,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    (tmp_path / "my_models.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_models", raising=False)
    yield "my_models:birds"
    sys.modules.pop("my_models", None)


def test_the_network_of_ones_own(birds: str) -> None:
    teacher = teachers.load(birds)
    assert (teacher.image_shape, teacher.classes) == ((3, 96, 64), 7)
    assert teacher.mean == (0.5,) * 3
    assert teacher.changes == ("the softmax at the network's end was undone",)
    state = {f"module.{name}": v.half() for name, v in teacher.module.state_dict().items()}
    torch.save({"state_dict": state}, "checkpoint.pt")
    assert len(teachers.load(birds, weights="checkpoint.pt", size=(32, 64)).changes) == 4


@pytest.mark.parametrize("file", OF_A_SPACE)
def test_spaces_take_its_rectangles(birds: str, file: str) -> None:
    space = bind(file, {}, teachers.load(birds))
    assert space.output.shape == (3, 96, 64)


def test_what_is_named_exists() -> None:
    def command() -> None: ...

    options = {name for param in teacher_options(command).__click_params__ for name in param.opts}
    told = set(re.findall(r"(?<![\w-])--[a-z]+", PAGE)) - {"--with"}
    assert told <= options
    assert set(re.findall(r"`(\w+)`", PAGE.split("the first of")[1].split(", then")[0])) == set(
        WRAPPERS[:6]
    )
