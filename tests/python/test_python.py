"""From a module to a smaller one and to a genotype, in a few lines, as the commands do it."""

from __future__ import annotations

import gc
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch
from torch import nn

import autorecon
from autorecon.compress import Compression
from autorecon.graph.diff.diff import compare
from autorecon.python import Result
from autorecon.runs import RunError
from autorecon.study.errors import StudyError
from autorecon.teachers import TeacherError
from autorecon.workflow.config import ConfigError

SHAPE = (1, 8, 8)
QUICK = {"batch": 4, "warmup_steps": 1, "steps": 1, "epochs": 1, "calibration_batches": 1}
SEARCH = {"epochs": 2, "warmup_epochs": 1, "weight_steps": 1, "architecture_steps": 1, "batch": 4}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip


STUDENT = """
from torch import nn

def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
"""


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))


def compressed(model: nn.Module | str, **settings: object) -> Result:
    return autorecon.compress(
        model, **({"image_shape": SHAPE, "progress": False} | QUICK | settings)
    )


def test_packages_can_be_called_and_imported_from() -> None:
    assert import_module("autorecon.compress").Compression is Compression
    assert autorecon.search.SearchConfig.__name__ == "SearchConfig"
    assert callable(autorecon.compress)
    assert callable(autorecon.search)
    assert callable(autorecon.auto)
    assert {"auto", "compress", "search"} <= set(dir(autorecon))


def test_a_module_becomes_a_small_one(capsys: pytest.CaptureFixture[str]) -> None:
    model = network().train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    result = compressed(model, mean=[0.5], std=[0.5])
    assert capsys.readouterr() == ("", "")
    assert all(before[name].equal(value) for name, value in model.state_dict().items())
    assert model.training
    images = torch.randn(2, *SHAPE)
    again = autorecon.load_compressed(result.save("small.safetensors"), build=network)
    assert result.model(images).equal(again(images))
    assert (result.model.bits, result.model.mean, result.score.accuracy) == ("w4a4", (0.5,), None)
    assert result.coverage.share_of_macs == 1
    assert result.bytes == Path("small.safetensors").stat().st_size
    assert "w4a4 by gdfq" in repr(result)
    assert "<td>w4a4 by gdfq</td>" in result._repr_html_()
    folder = result.folder
    assert folder.exists()
    del result
    gc.collect()
    assert not folder.exists()


def test_a_run_goes_on_in_its_folder(capsys: pytest.CaptureFixture[str]) -> None:
    first = compressed(network(), out="run", progress=True)
    assert "steps" in capsys.readouterr().err
    again = compressed(network(), out="run", progress=True)
    assert "steps" not in capsys.readouterr().err
    assert (again.student, again.folder) == (first.student, Path("run"))
    with pytest.raises(RunError, match=r"other settings \(compress.bits = 'w4a4', not 'w3a3'\)"):
        compressed(network(), out="run", bits="w3a3")
    with pytest.raises(RunError, match=r"space.file = 'gdfq-cifar', not 'dafl'"):
        compressed(network(), out="run", space="dafl")
    other = network()
    other[0].weight.data += 1
    with pytest.raises(RunError, match=r"other settings \(teacher.name"):
        compressed(other, out="run")
    with pytest.raises(ConfigError, match="go on where it is, in Python, with out=FOLDER"):
        import_module("autorecon.workflow.run").resume(Path("run"), "compress", trust=True)


def test_a_shipped_network_by_name_and_a_method_without_a_generator() -> None:
    quick = {"image_batches": 1, "image_steps": 1, "batch": 4, "epochs": 1}
    settings = quick | {"calibration_batches": 1, "progress": False}
    result = autorecon.compress("resnet20-fashion16", method="zeroq", bits="w2a4", **settings)
    assert result.bytes < 95_000
    assert autorecon.load_compressed(result.file).classes == 10


def test_a_distilled_student_is_what_is_loaded_and_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "my_students", raising=False)
    (tmp_path / "my_students.py").write_text(STUDENT)
    quick = {"batch": 4, "warmup_steps": 1, "steps": 1, "epochs": 1, "progress": False}
    own = {"method": "kegnet", "student": "my_students:small", "image_shape": SHAPE}
    result = autorecon.compress(network(), **own, **quick)
    images = torch.randn(2, *SHAPE)
    assert (result.model.bits, result.model(images).shape) == ("", (2, 3))
    exported = torch.export.load(result.export("small.pt2")).module()
    assert exported(images).allclose(result.model(images))
    result.save("small.safetensors")
    build = import_module("my_students").small
    again = autorecon.load_compressed("small.safetensors", build=build)
    assert again(images).equal(result.model(images))


def test_a_genotype_is_found_and_compressed_with() -> None:
    space = autorecon.load("paper", width=2, latent=4)
    found = autorecon.search(
        space, network(), image_shape=SHAPE, progress=False, **SEARCH, **{"select.candidates": 1}
    )
    assert found.is_genotype
    assert (found.parameters["width"], found.parameters["size"]) == (2, 8)
    result = compressed(network(), space=found, out="run")
    assert compressed(network(), space=found, out="run").student == result.student
    with pytest.raises(RunError, match="another space"):
        compressed(network(), space=autorecon.load("gdfq-cifar"), out="run")
    assert result.results.generators[0].space == found.name
    assert found._repr_svg_().startswith("<svg")
    assert compare(space, found)._repr_svg_().startswith("<svg")


def test_what_cannot_be_drawn_is_shown_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    assert autorecon.load("dafl")._repr_svg_() is None


@pytest.mark.parametrize(
    ("settings", "error", "wrong"),
    [
        ({"stepz": 3}, ConfigError, "no `stepz`: did you mean `steps`"),
        ({"image_shape": (8, 8)}, TeacherError, "must be .channels, height, width."),
        ({"image_shape": 8}, TeacherError, "image_shape = 8 must be .channels, height, width."),
        ({"image_shape": (3, 8, 8)}, TeacherError, "channels"),
        ({"image_shape": None}, TeacherError, "size"),
        ({"space": "paper"}, ConfigError, "compress needs one"),
        ({"bits": "w9a9"}, ValueError, "choose 2 to 8"),
    ],
)
def test_mistakes_are_told_before_anything_is_made(
    settings: dict[str, object], error: type[Exception], wrong: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=wrong):
        compressed(network(), **settings)
    with pytest.raises(error, match=wrong):
        compressed(network(), out="run", **settings)
    assert not list(tmp_path.iterdir())


def test_the_best_of_several_students_is_found_for_a_module() -> None:
    quick = {**QUICK, "warmup_steps": 20, "trials": 3, "search": [], "progress": False}
    result = autorecon.auto(network(), image_shape=SHAPE, bits="w4a4", out="run", **quick)
    assert result.model(torch.zeros(2, *SHAPE)).shape == (2, 3)
    assert result.results.bits == "w4a4"
    again = autorecon.auto(network(), image_shape=SHAPE, bits="w4a4", out="run", **quick)
    assert again.file.read_bytes() == result.file.read_bytes()
    with pytest.raises(RunError, match=r"holds another one \(bits = 'w4a4'\)"):
        autorecon.auto(network(), image_shape=SHAPE, bits="w3a3", out="run", **quick)
    other = {**quick, "candidate": [{"name": "other", "compress": {"method": "noise"}}]}
    with pytest.raises(RunError, match="with other spaces or candidates"):
        autorecon.auto(network(), image_shape=SHAPE, bits="w4a4", out="run", **other)
    with pytest.raises(StudyError, match="time and trials: choose one"):
        autorecon.auto(network(), image_shape=SHAPE, time="3m", **quick)
