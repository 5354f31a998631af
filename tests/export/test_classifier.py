"""ONNX models of other people, made here by onnx.helper, as classifiers of images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from onnx import TensorProto, helper, save

from autorecon.export import ExportError
from autorecon.export.classifier import disk_bytes, of_archive, of_onnx

FLOAT = TensorProto.FLOAT


def written(
    path: Path,
    shape: tuple[Any, ...] = ("n", 3, 4, 4),
    kind: int = FLOAT,
    more: tuple[str, ...] = (),
    head: str = "Flatten",
) -> Path:
    """Means over channels' sides as logits of three classes; of what `shape` says."""
    inputs = [helper.make_tensor_value_info(name, kind, shape) for name in ("pixels", *more)]
    output = helper.make_tensor_value_info("scores", FLOAT, None)
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=FLOAT),
        helper.make_node("GlobalAveragePool", ["floats"], ["means"]),
        helper.make_node(head, ["means"], ["scores"]),
    ]
    graph = helper.make_graph(nodes, "theirs", inputs, [output])
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)
    return path


def test_whatever_its_names_are_and_however_it_ends(tmp_path: Path) -> None:
    images = torch.randn(5, 3, 4, 4)
    for head in ("Flatten", "Identity"):
        found = of_onnx(written(tmp_path / "m.onnx", head=head), None, 1)
        assert (found.classes, found.image_shape, found.batch) == (3, (3, 4, 4), None)
        torch.testing.assert_close(found.module(images), images.mean((2, 3)))
    assert disk_bytes(tmp_path / "m.onnx") == (tmp_path / "m.onnx").stat().st_size


def test_a_model_of_two_images_at_a_time_answers_any_number(tmp_path: Path) -> None:
    found = of_onnx(written(tmp_path / "m.onnx", (2, 3, 4, 4)), None, 1)
    images = torch.randn(5, 3, 4, 4)
    assert found.batch == 2
    torch.testing.assert_close(found.module(images), images.mean((2, 3)))


def test_images_of_any_size_need_one(tmp_path: Path) -> None:
    path = written(tmp_path / "m.onnx", ("n", 3, "h", "w"))
    with pytest.raises(ExportError, match="--size"):
        of_onnx(path, None, 1)
    assert of_onnx(path, 6, 1).image_shape == (3, 6, 6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"more": ("mask",)}, r"2 inputs \(pixels, mask\)"),
        ({"kind": TensorProto.UINT8}, r"tensor\(uint8\)"),
        ({"shape": ("n", 4, 4, 3)}, r"\[any, 4, 4, 3\]: images must be"),
        ({"shape": ("n", 3, 4)}, "3 dimensions"),
        ({"shape": ("n", 1, 4, 4)}, "not logits"),
    ],
)
def test_what_is_no_classifier_of_images_is_told(
    given: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ExportError, match=message):
        of_onnx(written(tmp_path / "m.onnx", **given), None, 1)


def test_another_size_than_its_own_and_damaged_files_are_told(tmp_path: Path) -> None:
    path = written(tmp_path / "m.onnx")
    with pytest.raises(ExportError, match="not images of 5x5"):
        of_onnx(path, 5, 1)
    path.write_bytes(b"no model")
    with pytest.raises(ExportError, match="refuses it"):
        of_onnx(path, None, 1)
    path.with_suffix(".pt2").write_bytes(b"no archive")
    with pytest.raises(ExportError, match="cannot load"):
        of_archive(path.with_suffix(".pt2"), None)
