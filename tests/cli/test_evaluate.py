"""`autorecon evaluate` as a user types it: of a run, of packed files, of files of other people."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image
from torch import nn

from autorecon.cli import cli
from autorecon.runs import save_weights
from autorecon.teachers.loading import build_own
from autorecon.workflow import measure

TEACHER = """
import torch
from torch import nn

def good():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )

def small():
    return nn.Sequential(nn.Flatten(), nn.Linear(64, 3))

def wider():
    net = good()
    net[0], net[1], net[5] = nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.Linear(6, 3)
    return net

class Inverse(nn.Module):
    def __init__(self):
        super().__init__()
        self.net = good()
        self.register_buffer("matrix", torch.eye(3) * 2)

    def forward(self, x):
        return self.net(x) @ torch.linalg.inv(self.matrix)
"""
MINE = ["--teacher", "my_teachers:good", "--size", "8"]
SHORT = ["--method", "noise", "--scheme", "integer", "--bits", "w4a4", "--data", "", "-q"]
KNOWN = ["--with", "teacher.mean=[0.5]", "--with", "teacher.std=[0.2]"]


def autorecon(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def found(*arguments: object) -> dict[str, Any]:
    result = autorecon("evaluate", *arguments, "--json")
    assert result.exit_code == 0, result.output
    facts: dict[str, Any] = json.loads(result.stdout)
    return facts


def fails(message: str, *arguments: object) -> None:
    result = autorecon("evaluate", *arguments)
    assert result.exit_code in (1, 2), result.output
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a teacher's code, a run, its student in other forms, and pictures."""
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "my_teachers.py").write_text(TEACHER)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(str(folder))
        patch.setattr(measure, "missing_packages", lambda: ["onnxruntime"])
        made = autorecon("compress", *MINE, *SHORT, "-o", "run")
        assert made.exit_code == 0, made.output
        for name in ("s.onnx", "s.pt2"):
            made = autorecon("export", "run", "-o", name, "--build", "my_teachers:good")
            assert made.exit_code == 0, made.output
    sys.modules.pop("my_teachers", None)
    for index in range(3):
        (folder / "photos" / str(index)).mkdir(parents=True)
        Image.new("L", (8, 8), 90 * index).save(folder / "photos" / str(index) / "x.png")
    return folder


@pytest.fixture(autouse=True)
def here(place: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    monkeypatch.delitem(sys.modules, "my_teachers", raising=False)
    monkeypatch.setattr(measure, "SECONDS", 0.0)
    return place


def test_a_run_keeps_what_is_found_and_its_report_shows_it() -> None:
    assert "autorecon evaluate run" in Path("run/report.html").read_text()
    fails("add --trust", "run")
    result = autorecon("evaluate", "run", "--trust")
    assert result.exit_code == 0, result.output
    assert "2 of 2 convolutions and products are computed with integers" in result.stdout
    assert "agreement" in result.stdout
    kept = json.loads(Path("run/evaluation.json").read_text())
    (file,) = Path("run/compressed").glob("*.safetensors")
    assert kept["model"]["bytes"] == file.stat().st_size
    assert [timing["batch"] for timing in kept["model"]["timings"]] == [1, 32]
    assert "Milliseconds an image, 32 at a time" in Path("run/report.html").read_text()


def test_nothing_is_derived_of_a_run_without_a_generator() -> None:
    result = autorecon("derive", "run", "--trust")
    assert result.exit_code == 2
    assert "run has no search to derive from; run `autorecon search`" in result.stderr


def test_a_packed_file_and_a_file_of_somebody_else_beside_a_teacher() -> None:
    packed = found("run/compressed/noise-seed0.safetensors", *MINE)
    theirs = found("s.onnx", *MINE)
    for facts in (packed, theirs):
        assert (facts["model"]["products"], facts["model"]["integer"]) == (2, 2)
        assert facts["model"]["score"] is None
        assert facts["full"]["name"] == "my_teachers:good"
    assert theirs["model"]["bytes"] == Path("s.onnx").stat().st_size


def test_accuracy_on_labelled_pictures_needs_no_teacher() -> None:
    facts = found("s.onnx", "--data", "folder:photos", *KNOWN)
    assert facts["full"] is None
    assert facts["images"] == 3
    assert facts["model"]["score"]["accuracy"] in [100 * hits / 3 for hits in range(4)]
    assert facts["model"]["score"]["agreement"] is None


def test_an_archive_is_computed_by_torch_if_it_is_trusted() -> None:
    fails("add --trust", "s.pt2")
    facts = found("s.pt2", *MINE, "--trust", "--data", "folder:photos", *KNOWN)
    assert facts["machine"]["engine"].startswith("torch ")
    assert facts["model"]["score"]["agreement"] is not None
    assert facts["full"]["score"]["agreement"] == 100


def test_what_cannot_be_done_is_one_line(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = sorted(map(str, place.glob("photos/*/x.png")))
    Path("list.txt").write_text("\n".join(photos))
    fails("has no labels, and s.onnx no teacher", "s.onnx", "--data", "folder:list.txt", *KNOWN)
    fails("how the teacher's images are normalised", "s.onnx", "--data", "folder:photos")
    fails("not images of 16x16", "s.onnx", "--teacher", "resnet20-fashion16",
          "--data", "")  # fmt: skip
    fails("does not exist", "none.onnx")
    fails("ends in none of", "list.txt")
    fails("is not a run", "photos")
    fails("--build my_teachers:good", "run/compressed/noise-seed0.safetensors")
    monkeypatch.setattr("autorecon.export.runtime.missing_packages", lambda: ["onnxruntime"])
    fails("pip install 'autorecon[export]'", "s.onnx")


def export(*arguments: object) -> Result:
    return autorecon("export", *arguments)


def test_a_class_that_changed_since_is_told(tmp_path: Path) -> None:
    shapes = "of 0.weight it has one of [4, 1, 3, 3] there, and one of [6, 1, 3, 3] here"
    fails(shapes, "run/compressed/noise-seed0.safetensors", "--build", "my_teachers:wider")
    for name in ("x.onnx", "x.pt2"):
        made = export("run", "-o", tmp_path / name, "--build", "my_teachers:wider")
        assert (made.exit_code, shapes in made.stderr) == (2, True)
    made = export("run", "-o", tmp_path / "x.pt2")
    assert "--build my_teachers:good" in made.stderr
    assert not list(tmp_path.iterdir())
    assert export("run", "-o", tmp_path / "x.pt2", "--trust").exit_code == 0


def test_a_distilled_student_is_float(tmp_path: Path) -> None:
    quick = [f"compress.{name}=1" for name in ("steps", "warmup_steps", "epochs")]
    settings = [word for text in ("compress.batch=4", *quick) for word in ("--with", text)]
    student = ["--method", "kegnet", "--student", "my_teachers:small", "--data", "", "-q"]
    run = tmp_path / "run"
    made = autorecon("compress", "gdfq-cifar", *MINE, *student, *settings, "-o", run)
    assert made.exit_code == 0, made.output
    refused = export(run, "-o", tmp_path / "x.onnx")
    assert "its network, my_teachers:small, and" in refused.stderr
    assert not (tmp_path / "x.onnx").exists()
    for name in ("x.onnx", "x.pt2"):
        made = export(run, "-o", tmp_path / name, "--trust")
        assert made.exit_code == 0, made.output
        assert "which was distilled: its weights are float" in made.stdout
    assert found(run, "--trust")["model"]["name"] == "my_teachers:good distilled"


def test_an_operation_that_onnx_has_not_is_named() -> None:
    fails("cannot write my_teachers:Inverse as ONNX: ONNX has no aten.linalg_inv_ex",
          "s.onnx", "--teacher", "my_teachers:Inverse", "--size", "8", "--data", "")  # fmt: skip


def test_a_student_needs_nothing_of_its_teacher(
    tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = build_own("my_teachers:good").state_dict()
    save_weights(Path("w.safetensors"), weights)
    data = ["--weights", "w.safetensors", "--data", "folder:photos", "-q", "-o", tmp_path / "run"]
    made = autorecon("compress", *MINE, *SHORT[:-3], *data, *KNOWN)
    assert made.exit_code == 0, made.output
    monkeypatch.chdir(tmp_path)
    made = export("run", "-o", "x.onnx", "--build", "my_teachers:good")
    assert made.exit_code == 0, made.output
    assert "compared on noise alone, without what run measured on" in made.stderr
    fails("--weights FILE says where they are", "run", "--trust")
    monkeypatch.chdir(place)
    made = export(tmp_path / "run", "-o", "y.onnx", "--build", "my_teachers:good")
    assert "compared on 19 images" in made.stderr


def test_what_is_too_old_is_told_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.export.runtime.version", lambda name: "1.9.0")
    monkeypatch.setattr("autorecon.workflow.trained.test_images", pytest.fail)
    made = export("run", "-o", tmp_path / "x.onnx", "--trust")
    assert (made.exit_code, "onnx 1.9.0 is too old" in made.stderr) == (2, True)
    fails("onnx 1.9.0 is too old", "run", "--trust")
    assert not list(tmp_path.iterdir())


def test_a_run_that_is_not_finished_is_told(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text((Path("run") / "config.toml").read_text())
    fails("finish the run with --resume", tmp_path)
    made = export(tmp_path, "-o", tmp_path / "x.onnx")
    assert (made.exit_code, "finish the run with --resume" in made.stderr) == (2, True)
    assert [file.name for file in tmp_path.iterdir()] == ["config.toml"]


@pytest.mark.parametrize("wrong", [None, "ONNX has no such operation\nand more"])
def test_a_run_that_ends_is_measured_and_ends_whatever_comes_of_it(
    wrong: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "missing_packages", list)
    monkeypatch.setattr(measure, "BRIEF", 0.0)

    def fail(*_: Any) -> nn.Module:
        raise RuntimeError(wrong)

    if wrong:
        monkeypatch.setattr(measure, "full_precision", fail)
    result = autorecon("compress", *MINE, *SHORT, "-o", tmp_path / "r")
    assert result.exit_code == 0, result.output
    kept = json.loads((tmp_path / "r" / "evaluation.json").read_text())
    page = (tmp_path / "r" / "report.html").read_text()
    if wrong:
        assert kept["problem"] == "ONNX has no such operation"
        assert "It could not be measured: ONNX has no such operation" in page
        return
    results = json.loads((tmp_path / "r" / "results.json").read_text())
    assert kept["model"]["score"] == results["rows"][0]["last"]
    assert kept["model"]["integer"] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.onnx")
    fails("a pipe is not waited for", tmp_path / "pipe.onnx")
