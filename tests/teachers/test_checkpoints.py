"""Weights as people have them: whatever wraps a state dict comes off, and no code is run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from autorecon import teachers
from autorecon.teachers import Teacher, TeacherError

Offer = Callable[[nn.Module], str]
State = dict[str, Tensor]


def small() -> nn.Module:
    net = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.AdaptiveAvgPool2d(1))
    net.append(nn.Flatten()).append(nn.Linear(4, 5))
    net.input_size = 9
    return net


@pytest.fixture
def state() -> State:
    torch.manual_seed(1)
    return small().state_dict()


@pytest.fixture
def loaded(offer: Offer, tmp_path: Path) -> Callable[..., Teacher]:
    """Loads the small network with what `torch.save` wrote."""

    def load(content: Any, module: nn.Module | None = None, **options: Any) -> Teacher:
        torch.save(content, tmp_path / "weights.pth", **options)
        return teachers.load(offer(module or small()), weights=tmp_path / "weights.pth")

    return load


def same(teacher: Teacher, state: State) -> bool:
    return all(torch.equal(teacher.module.state_dict()[n], v) for n, v in state.items())


def prefixed(state: State, prefix: str) -> State:
    return {prefix + name: value for name, value in state.items()}


@pytest.mark.parametrize("wrapper", ["state_dict", "model", "net", "ema", "model_state_dict"])
@pytest.mark.parametrize("prefix", ["", "module.", "_orig_mod.", "model.", "module._orig_mod."])
def test_what_wraps_a_state_dict_comes_off(loaded, state: State, wrapper: str, prefix: str) -> None:
    optimizer = {"state": {0: {"step": torch.tensor(3)}}, "param_groups": [{"lr": 0.1}]}
    content = {"epoch": 3, wrapper: prefixed(state, prefix), "optimizer": optimizer}
    teacher = loaded(content)
    assert same(teacher, state)
    said = "; ".join(teacher.changes)
    assert f"`{wrapper}` of the file" in said
    assert all(part in said for part in prefix.split(".") if part)


def test_plain_files_say_nothing(loaded, state: State) -> None:
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        teacher = loaded(state, **options)
        assert same(teacher, state)
        assert teacher.changes == ()


def test_other_wrappings(loaded, state: State) -> None:
    assert same(loaded({"state_dict": {"model": state}}), state)
    assert same(loaded({"epoch": 1, "my_network": state}), state)
    both = loaded({"state_dict_ema": prefixed(state, "x."), "state_dict": state})
    assert same(both, state)
    assert "`state_dict` was taken, not state_dict_ema" in both.changes[0]
    within = {name.replace("4.", "4._orig_mod."): value for name, value in state.items()}
    assert same(loaded(within), state)
    averaged = {"n_averaged": torch.tensor(7), **prefixed(state, "module.")}
    teacher = loaded(averaged)
    assert same(teacher, state)
    assert "left out: n_averaged" in teacher.changes[-1]


def test_a_network_whose_own_names_have_the_prefix(loaded, state: State) -> None:
    class Outer(nn.Module):
        input_size = 9

        def __init__(self) -> None:
            super().__init__()
            self.model = small()

        def forward(self, x: Tensor) -> Tensor:
            return self.model(x)

    teacher = loaded(prefixed(state, "model."), Outer())
    assert same(teacher, prefixed(state, "model."))
    assert teacher.changes == ()


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_precisions_become_float32(loaded, state: State, kind: torch.dtype) -> None:
    low = {n: v.to(kind) if v.is_floating_point() else v for n, v in state.items()}
    teacher = loaded(low)
    assert all(p.dtype == torch.float32 for p in teacher.module.parameters())
    assert teacher.changes == (f"weights in {str(kind)[6:]} were made float32",)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(5, dtype=torch.int8), r"4.bias \(int8 in the file, float32 in the model\)"),
        (torch.zeros(5, dtype=torch.complex64), r"4.bias \(complex64 in the file"),
        (torch.zeros(5).to_sparse(), r"4.bias \(sparse float32 in the file"),
        (torch.full((5,), torch.inf), "4.bias hold values that are infinite"),
    ],
)
def test_values_that_are_no_weights(loaded, state: State, value: Tensor, said: str) -> None:
    with pytest.raises(TeacherError, match=said):
        loaded({**state, "4.bias": value})


class Code:
    """Unpickled in full, it would run code."""

    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("ran",)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ([1, 2], "holds a list, not a state dict: save its state dict alone"),
        ({"epoch": 3, "weight": torch.zeros(2)}, r"not a state dict \(epoch are no tensors\)"),
        ({}, r"not a state dict \(it is empty\)"),
        ({3: torch.zeros(2)}, "not a state dict"),
        ({"state_dict": {}}, r"not a state dict \(it is empty\)"),
        ({"weight": Code()}, r"holds pickled objects \(builtins.print\), and reading them could"),
        (nn.Linear(2, 2), "holds pickled objects .* where you trust it, save its state dict alone"),
    ],
)
def test_what_is_no_state_dict(
    loaded, content: Any, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for options in ({}, {"_use_new_zipfile_serialization": False}):
        with pytest.raises(TeacherError, match=said if not options else None):
            loaded(content, **options)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x80\x04pickled, perhaps", "holds pickled objects"),
        (b"\x80\x02", "damaged"),
        (b"PK\x03\x04 and nothing", "is damaged, or no file of torch.save"),
        (b"", "is not a file of weights: neither safetensors"),
        (b"text", "is not a file of weights"),
    ],
)
def test_other_files(offer: Offer, tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "own.pt").write_bytes(content)
    with pytest.raises(TeacherError, match=said):
        teachers.load(offer(small()), weights=tmp_path / "own.pt")


def test_files_that_are_not_there(offer: Offer, tmp_path: Path) -> None:
    with pytest.raises(TeacherError, match="No such file"):
        teachers.load(offer(small()), weights=tmp_path / "none.pt")
    with pytest.raises(TeacherError, match=r"holds neither model.safetensors nor pytorch_model"):
        teachers.load(offer(small()), weights=tmp_path)


def test_torchscript_is_code(offer: Offer, tmp_path: Path) -> None:
    class Scripted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x

    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Scripted()).save(tmp_path / "own.pt")
    with pytest.raises(TeacherError, match="TorchScript archive"):
        teachers.load(offer(small()), weights=tmp_path / "own.pt")


@pytest.mark.parametrize("name", ["model.safetensors", "pytorch_model.bin"])
@pytest.mark.parametrize("parts", [1, 2])
def test_hugging_face_folders(
    offer: Offer, tmp_path: Path, state: State, name: str, parts: int
) -> None:
    save = save_file if name.endswith("safetensors") else torch.save
    names = [name] if parts == 1 else [f"part{i}-{name}" for i in range(parts)]
    listed = dict(zip(state, (names[i % parts] for i in range(len(state))), strict=True))
    for file in names:
        save({k: v for k, v in state.items() if listed[k] == file}, tmp_path / file)
    if parts > 1:
        (tmp_path / f"{name}.index.json").write_text(json.dumps({"weight_map": listed}))
    pretrained = {"input_size": [2, 8, 6], "mean": [0.5, 0.4], "std": [0.2, 0.1]}
    (tmp_path / "config.json").write_text(json.dumps({"pretrained_cfg": pretrained}))
    net = small()
    del net.input_size
    teacher = teachers.load(offer(net), weights=tmp_path)
    assert same(teacher, state)
    assert teacher.image_shape == (2, 8, 6)
    assert (teacher.mean, teacher.std) == ((0.5, 0.4), (0.2, 0.1))
    assert names[0] in teacher.changes[0]


@pytest.mark.parametrize(
    "index", ["{}", "[]", "nonsense", '{"weight_map": {"a": "../b"}}', "[" * 100_000]
)
def test_an_index_that_is_none(offer: Offer, tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    with pytest.raises(TeacherError, match="is no index of weights"):
        teachers.load(offer(small()), weights=tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_never_ends_is_not_waited_for(offer: Offer, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pth")
    with pytest.raises(TeacherError, match=r"pipe\.pth: it is not a regular file"):
        teachers.load(offer(small()), weights=tmp_path / "pipe.pth")
    ring: dict[str, object] = {}
    ring["state_dict"] = ring
    torch.save(ring, tmp_path / "ring.pth")
    with pytest.raises(TeacherError, match="within each other without end"):
        teachers.load(offer(small()), weights=tmp_path / "ring.pth")


def test_a_part_that_is_not_there(offer: Offer, tmp_path: Path) -> None:
    listed = {"weight_map": {"a": "b.safetensors"}}
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps(listed))
    with pytest.raises(TeacherError, match=r"b\.safetensors: No such file"):
        teachers.load(offer(small()), weights=tmp_path)


def test_a_processor_tells_the_images(offer: Offer, tmp_path: Path, state: State) -> None:
    save_file(state, tmp_path / "model.safetensors")
    about = {"size": {"shortest_edge": 12}, "do_center_crop": False, "image_mean": [0.5, 0.5]}
    about |= {"image_std": [0.2, 0.2]}
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(about))
    net = small()
    del net.input_size
    teacher = teachers.load(offer(net), weights=tmp_path)
    assert (teacher.size, teacher.mean) == (12, (0.5, 0.5))
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(TeacherError, match=r"cannot read .*config.json"):
        teachers.load(offer(net), weights=tmp_path)
