from __future__ import annotations

import json
import math
import os
import resource
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open
from torch import Tensor, nn

from autorecon.runs import (
    RunError,
    load_state,
    load_weights,
    save_state,
    save_weights,
)
from autorecon.runs.tensors import STATE_KEY, WEIGHTS_KEY

DTYPES = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8]
DTYPES += [torch.bool, torch.int32, torch.complex64]
GENTLE = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def same(left: Any, right: Any) -> bool:
    """Equal in type, structure, order and every bit."""
    if isinstance(left, Tensor):
        return bits(left) == bits(right)
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        return same(list(left.items()), list(right.items()))
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, float):
        return struct.pack("d", left) == struct.pack("d", right) or left != left != right
    return bool(left == right)


def bits(tensor: Tensor) -> tuple[Any, ...]:
    # Of a conjugate or strided view, the memory alone does not show the values.
    flat = torch.empty(tensor.shape, dtype=tensor.dtype).copy_(tensor).reshape(-1)
    return tensor.dtype, tensor.shape, flat.view(torch.uint8).tolist() if len(flat) else []


@st.composite
def dense(draw: st.DrawFn) -> Tensor:
    shape = draw(st.lists(st.integers(0, 3), max_size=3))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 99)))
    values = torch.randint(-2, 3, shape, generator=generator).to(draw(st.sampled_from(DTYPES)))
    return values.transpose(0, -1) if shape and draw(st.booleans()) else values


def container(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    keys = st.integers() | st.text(max_size=4) | st.sampled_from(["a/b", "__metadata__", "tensor"])
    lists = st.lists(inner, max_size=3)
    return lists | lists.map(tuple) | st.dictionaries(keys, inner, max_size=3)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4)
STATES = st.recursive(SCALARS | dense(), container, max_leaves=12)


@GENTLE
@given(state=STATES)
def test_round_trip_is_exact(tmp_path: Path, state: Any) -> None:
    save_state(tmp_path / "s", state)
    assert same(load_state(tmp_path / "s"), state)


def test_awkward_states_come_back(tmp_path: Path) -> None:
    state = {
        "lone \ud800": "\ud800\0",
        "a": {"b": torch.ones(1)},
        "a/b": torch.zeros(1),
        0: torch.ones(2),
        "0": torch.zeros(2),
        "__metadata__": torch.tensor(3),
        "minus": -0.0,
        "dict": [["x", 1]],
        "conj": torch.tensor([1 + 2j]).conj(),
    }
    save_state(tmp_path / "s", state)
    assert same(load_state(tmp_path / "s"), state)


def test_shared_tensors_are_stored_once_and_shared_again(tmp_path: Path) -> None:
    base = torch.arange(1000.0)
    state = {"a": base, "b": base.detach(), "part": base[:10], "empty": [base[:0], base[5:5]]}
    save_state(tmp_path / "s", state)
    loaded = load_state(tmp_path / "s")
    assert loaded["a"] is loaded["b"]
    assert torch.equal(loaded["part"], base[:10])
    assert (tmp_path / "s").stat().st_size < 6000
    loaded["a"][0] = 7
    assert loaded["part"][0] == 0


def test_views_of_one_memory_are_told_apart(tmp_path: Path) -> None:
    square = torch.arange(4.0).reshape(2, 2)
    half = torch.tensor([1 + 2j])
    state = [square, square.t(), square[0], square[:, 0], half, half.conj(), half.conj().imag]
    save_state(tmp_path / "s", state)
    assert same(load_state(tmp_path / "s"), state)


def test_equal_states_are_equal_files(tmp_path: Path) -> None:
    for name in "ab":
        save_state(tmp_path / name, {"x": [torch.ones(2), torch.zeros(3)], "y": 1})
        save_weights(tmp_path / f"w{name}", {"x": torch.ones(2)}, {"b": 1, "a": 2, "c": 3})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert (tmp_path / "wa").read_bytes() == (tmp_path / "wb").read_bytes()


def test_an_optimiser_and_a_generator_go_on_bit_for_bit(tmp_path: Path) -> None:
    def make() -> tuple[nn.Linear, torch.optim.Adam, torch.Generator]:
        module = nn.Linear(3, 2)
        return module, torch.optim.Adam(module.parameters()), torch.Generator()

    def step(module: nn.Linear, optimiser: torch.optim.Adam, generator: torch.Generator) -> None:
        optimiser.zero_grad()
        module(torch.randn(4, 3, generator=generator)).square().sum().backward()
        optimiser.step()

    first, second = make(), make()
    step(*first)
    state = [first[0].state_dict(), first[1].state_dict(), first[2].get_state()]
    save_state(tmp_path / "s", state)
    module, optimiser, generator = load_state(tmp_path / "s")
    second[0].load_state_dict(module)
    second[1].load_state_dict(optimiser)
    second[2].set_state(generator)
    step(*first)
    step(*second)
    assert torch.equal(first[0].weight, second[0].weight)


def test_loaded_tensors_do_not_depend_on_the_file(tmp_path: Path) -> None:
    save_state(tmp_path / "s", torch.ones(4096))
    loaded = load_state(tmp_path / "s")
    with (tmp_path / "s").open("r+b") as file:
        file.seek(-8, 2)
        file.write(bytes(8))
    assert loaded[-1] == 1


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"a": [object()]}, r"state\['a'\]\[0\] is a object"),
        ({None: 1}, "has the key None"),
        ({True: 1}, "has the key True"),
        ({1, 2}, "is a set"),
        (torch.ones(2, 2).to_sparse(), "not a plain dense tensor"),
        (torch.ones(2, device="meta"), "not a plain dense tensor"),
        (torch.ones(2, dtype=torch.complex128), r"torch\.complex128"),
    ],
)
def test_what_cannot_be_saved_is_named(tmp_path: Path, state: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        save_state(tmp_path / "s", state)
    assert not list(tmp_path.iterdir())


def test_endless_state_is_refused(tmp_path: Path) -> None:
    state: list[Any] = []
    state.append(state)
    with pytest.raises(TypeError, match="nested deeper"):
        save_state(tmp_path / "s", state)


def raw(structure: str | None, tensors: bytes = b"{}", data: bytes = b"") -> bytes:
    header = json.loads(tensors)
    if structure is not None:
        header["__metadata__"] = {STATE_KEY: structure}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


@pytest.mark.parametrize(
    "structure",
    [
        '{"tensor":"gone"}',
        '{"tensor":[]}',
        '{"tensor":1,"dict":[]}',
        "{}",
        '{"float":"1"}',
        '{"float":[]}',
        '{"tuple":3}',
        '{"dict":{"a":1}}',
        '{"dict":[["a"]]}',
        '{"dict":[[true,1]]}',
        '{"dict":[[[],1]]}',
        '{"dict":[["a",1],["a",2]]}',
        '{"other":1}',
        "NaN",
        "not json",
        "",
        "[" * 100 + "]" * 100,
        "[" * 200_000,
        "9" * 5000,
        None,
    ],
)
def test_malformed_structure_is_refused(tmp_path: Path, structure: str | None) -> None:
    (tmp_path / "s").write_bytes(raw(structure))
    with pytest.raises(RunError, match=r"/s is not a saved state: "):
        load_state(tmp_path / "s")


@pytest.mark.parametrize("dtype", ["F32", "F4", "F8_E8M0", "X", "BOOL", "I64", "U64", "C64"])
@pytest.mark.parametrize("shape", [[1], [2**62, 8], [0, 2**63], [-1], [], ["a"]])
def test_malformed_tensors_are_refused(tmp_path: Path, dtype: str, shape: list[Any]) -> None:
    tensor = {"dtype": dtype, "shape": shape, "data_offsets": [0, 3]}
    header = json.dumps({"a": tensor}).encode()
    (tmp_path / "s").write_bytes(raw('{"tensor":"a"}', header, bytes(3)))
    with pytest.raises(RunError, match="cannot read"):
        load_state(tmp_path / "s")


def test_every_cut_and_many_flips_raise_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "s"
    save_state(path, {"x": torch.ones(3), "y": (1, math.inf)})
    whole = path.read_bytes()
    for end in range(len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(RunError):
            load_state(path)
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x15]) + whole[place + 1 :])
        try:
            load_state(path)
        except RunError as error:
            assert str(path) in str(error)  # noqa: PT017


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"gone: there is no such file"):
        load_state(tmp_path / "gone")
    with pytest.raises(RunError, match="cannot read"):
        load_weights(tmp_path)


def test_weights_keep_names_beside_metadata(tmp_path: Path) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    module[0].to(memory_format=torch.channels_last)
    save_weights(tmp_path / "w", module, {"size": 16, "names": ["é"]})
    loaded = load_weights(tmp_path / "w")
    assert same(dict(sorted(loaded.items())), dict(sorted(module.state_dict().items())))
    with safe_open(tmp_path / "w", framework="pt") as file:
        metadata = file.metadata()[WEIGHTS_KEY]
    assert json.loads(metadata) == {"size": 16, "names": ["é"]}


def test_tied_weights_are_written_under_both_names(tmp_path: Path) -> None:
    tied = torch.arange(4.0)
    save_weights(tmp_path / "w", {"a": tied, "b": tied, "c": tied[:2]})
    loaded = load_weights(tmp_path / "w")
    assert {name: value.tolist() for name, value in loaded.items()} == {
        "a": [0, 1, 2, 3],
        "b": [0, 1, 2, 3],
        "c": [0, 1],
    }


def test_weights_are_tensors_only(tmp_path: Path) -> None:
    for value in (3, {"x": torch.ones(1)}):
        with pytest.raises(TypeError, match="not a tensor"):
            save_weights(tmp_path / "w", {"a": value})


def test_weights_are_not_a_state(tmp_path: Path) -> None:
    save_weights(tmp_path / "w", {"a": torch.ones(1)})
    with pytest.raises(RunError, match="not a saved state"):
        load_state(tmp_path / "w")


def test_full_disk_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(tmp_path / "s", 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(RunError, match=r"cannot write .*/s: .*; what was there before"):
            save_state(tmp_path / "s", torch.ones(50_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert load_state(tmp_path / "s") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["s"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_files_have_the_permissions_of_all_others(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save_weights(tmp_path / "w.safetensors", {"a": torch.zeros(1)})
    finally:
        os.umask(before)
    assert (tmp_path / "w.safetensors").stat().st_mode & 0o777 == 0o640
