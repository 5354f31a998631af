"""The tool that turns .pth files into safetensors."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from torch import nn

TOOL = Path(__file__).parents[2] / "tools" / "convert_weights.py"


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("convert_weights", TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Code:
    """Unpickled in full, it would run code."""

    def __reduce__(self):
        return print, ("ran",)


def convert(tool: ModuleType, folder: Path, content: object):
    torch.save(content, folder / "a.pth")
    return CliRunner().invoke(tool.main, [str(folder / "a.pth"), str(folder / "a.safetensors")])


def test_wrapped_shared_and_strided_tensors(tool: ModuleType, tmp_path: Path) -> None:
    weight = torch.arange(6.0).view(2, 3)
    state = {"module.a": weight, "module.b": weight, "c": weight.t(), "d": nn.Parameter(weight[0])}
    done = convert(tool, tmp_path, {"epoch": 3, "state_dict": state})
    assert done.exit_code == 0, done.output
    loaded = load_file(tmp_path / "a.safetensors")
    assert loaded.keys() == {"a", "b", "c", "d"}
    assert torch.equal(loaded["c"], weight.t())
    assert torch.equal(loaded["b"], weight)
    assert "4 tensors" in done.output


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "it holds a list"),
        ({"epoch": 3, "weight": torch.zeros(2)}, "['epoch'] are no tensors"),
        ({}, "not a state dict"),
        ({"weight": torch.zeros(2), "code": Code()}, "cannot be converted"),
    ],
)
def test_what_is_no_state_dict(
    tool: ModuleType, tmp_path: Path, content: object, said: str
) -> None:
    done = convert(tool, tmp_path, content)
    assert done.exit_code == 2
    assert said in done.output
    assert "ran" not in done.output
    assert not (tmp_path / "a.safetensors").exists()
