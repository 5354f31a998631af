"""Students as files: integers that runtimes compute with, equal answers, or no file."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import onnx
import onnxruntime
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

import autorecon
from autorecon.cli import cli
from autorecon.compress import CompressConfig
from autorecon.compress.packed.load import rebuilt
from autorecon.compress.packed.save import save_student
from autorecon.compress.quantization.layers import ActivationQuantizer
from autorecon.compress.student import DistilledStudent
from autorecon.export import ExportError, export_student
from autorecon.export.grids import Grid
from autorecon.export.runtime import OLDEST, Runtime
from autorecon.export.student import ExportedStudent
from autorecon.python.result import Result
from autorecon.runs import RunError
from autorecon.teachers import Teacher

SHAPE = (1, 8, 8)
SHORT = {"method": "noise", "calibration_batches": 2, "batch": 8, "epochs": 1}


class Tiny(nn.Module):
    """A residual block, a depthwise and a strided convolution, a pool and a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.bn1 = nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8)
        self.deep, self.bn2 = nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.BatchNorm2d(8)
        self.last, self.fc = nn.Conv2d(8, 8, 3, stride=2), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.bn1(self.first(x)))
        x = nn.functional.relu6(x + self.bn2(self.deep(x)))
        return self.fc(torch.relu(self.last(x)).mean((2, 3)))


def network() -> nn.Module:
    torch.manual_seed(0)
    net = Tiny()
    with torch.no_grad():
        for _ in range(5):
            net(torch.randn(16, *SHAPE))
    return net.eval()


def compressed(**settings: object) -> Result:
    return autorecon.compress(network(), image_shape=SHAPE, progress=False, **SHORT, **settings)


@pytest.fixture(scope="module")
def integers() -> Result:
    return compressed(bits="w4a4", scheme="integer")


@pytest.fixture(scope="module")
def written(integers: Result, tmp_path_factory: pytest.TempPathFactory) -> ExportedStudent:
    """The same as a file, to be read alone."""
    path = tmp_path_factory.mktemp("written") / "s.onnx"
    return export_student(integers.file, path, build=network)


def test_every_product_is_computed_with_integers(
    integers: Result, written: ExportedStudent
) -> None:
    assert (written.products, written.integer) == (4, 4)
    assert written.bytes == written.path.stat().st_size
    images = torch.randn(5, *SHAPE)
    (logits,) = onnxruntime.InferenceSession(written.path).run(None, {"images": images.numpy()})
    assert torch.equal(torch.from_numpy(logits).argmax(1), integers.model(images).argmax(1))


@pytest.mark.parametrize(
    ("bits", "settings"),
    [("w8a8", {"scheme": "gdfq"}), ("w2a3", {"scheme": "integer", "first_last": 8})],
)
def test_all_schemes_and_widths_answer_alike(
    bits: str, settings: dict[str, object], tmp_path: Path
) -> None:
    made = compressed(bits=bits, **settings)
    for name, weights_as in (("a.onnx", "int8"), ("b.onnx", "int4"), ("c.pt2", "int8")):
        made.export(tmp_path / name, weights_as=weights_as)
    images = torch.randn(7, *SHAPE)
    archive = torch.export.load(tmp_path / "c.pt2").module()
    assert torch.equal(archive(images), made.model(images))


def test_four_bits_take_half_a_byte(integers: Result, tmp_path: Path) -> None:
    path = tmp_path / "s.onnx"
    found = export_student(integers.file, path, build=network, weights_as="int4")
    assert (found.opset, found.integer) == (21, 0)
    halves = [t for t in onnx.load(path).graph.initializer if t.data_type == onnx.TensorProto.UINT4]
    assert {tuple(t.dims) for t in halves if len(t.dims) > 1} == {
        (8, 1, 3, 3),
        (8, 8, 3, 3),
        (5, 8),
    }


class Far(nn.Module):
    """Values of 0.6 to 0.8 before a product."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(64, 5)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.fc(torch.sigmoid(0.1 * x.flatten(1) + 1))
        return logits


def test_values_that_do_not_come_near_zero_are_moved(tmp_path: Path) -> None:
    torch.manual_seed(0)
    made = autorecon.compress(Far(), image_shape=SHAPE, bits="w8a8", progress=False, **SHORT)
    grids = [Grid.of(q) for q in made.model.modules() if isinstance(q, ActivationQuantizer)]
    assert sum(bool(grid.past.any()) for grid in grids) == 1
    made.export(tmp_path / "s.onnx")
    images = torch.randn(64, *SHAPE)
    (logits,) = onnxruntime.InferenceSession(tmp_path / "s.onnx").run(
        None, {"images": images.numpy()}
    )
    torch.testing.assert_close(torch.from_numpy(logits), made.model(images), rtol=0, atol=1e-3)


class Separable(nn.Module):
    """A pointwise, a padded depthwise and another pointwise convolution; channels differ a lot."""

    def __init__(self) -> None:
        super().__init__()
        self.wide, self.bn = nn.Conv2d(1, 6, 1), nn.BatchNorm2d(6)
        self.deep, self.narrow = nn.Conv2d(6, 12, 3, groups=6), nn.Conv2d(12, 5, 1)
        self.bn.weight.data = torch.linspace(0.5, 2, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.pad(nn.functional.relu6(self.bn(self.wide(x))), (1, 1, 1, 1))
        logits: Tensor = self.narrow(torch.relu(self.deep(x))).mean((2, 3))
        return logits


def separable() -> nn.Module:
    torch.manual_seed(0)
    return Separable().eval()


@pytest.mark.parametrize(
    ("scheme", "bits", "integer"), [("integer", "w3a3", 3), ("gdfq", "w8a8", 0)]
)
def test_steps_of_channels_are_a_part_of_the_weights(
    scheme: str, bits: str, integer: int, tmp_path: Path
) -> None:
    made = autorecon.compress(
        separable(),
        image_shape=SHAPE,
        progress=False,
        **SHORT,
        bits=bits,
        scheme=scheme,
        ranges="channels",
    )
    held = rebuilt(made.file, separable).quantizers()
    apart = [q.high.unique().numel() > 3 for q in held if q.by_channel]
    assert apart == [True]
    for weights_as, kernels in (("int8", integer), ("int4", 0)):
        path = tmp_path / f"{weights_as}.onnx"
        found = export_student(made.file, path, build=separable, weights_as=weights_as)
        assert (found.products, found.integer, found.ties) == (3, kernels, 0)
        assert found.difference < 1e-5


def test_what_is_missing_is_told_before_anything_is_done(
    integers: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.export.runtime.find_spec", lambda name: None)
    monkeypatch.setattr("autorecon.export.student.load_compressed", pytest.fail)
    with pytest.raises(ExportError, match="onnx and onnxscript and onnxruntime: pip install"):
        integers.export(tmp_path / "s.onnx")


def test_a_file_that_answers_otherwise_is_not_written(
    integers: Result, written: ExportedStudent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = written.path.read_bytes()
    monkeypatch.setattr("autorecon.export.student._onnx", lambda *_: content)
    right = Runtime.__call__
    monkeypatch.setattr(Runtime, "__call__", lambda self, images: -right(self, images))
    with pytest.raises(ExportError, match="images of noise into another class"):
        integers.export(tmp_path / "s.onnx")
    assert not list(tmp_path.iterdir())


def test_what_cannot_be_written_is_said(integers: Result, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"\.onnx or \.pt2"):
        integers.export(tmp_path / "s.py")
    with pytest.raises(ExportError, match="int8 or int4"):
        integers.export(tmp_path / "s.onnx", weights_as="int2")
    (tmp_path / "s.pt2").write_text("mine")
    with pytest.raises(ExportError, match="--force"):
        integers.export(tmp_path / "s.pt2")
    assert (tmp_path / "s.pt2").read_text() == "mine"


def test_the_command_needs_the_function_of_a_network_of_ones_own(
    integers: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text("")
    monkeypatch.setattr("autorecon.teachers.loading.build_own", lambda spec: network())
    arguments = ["export", str(integers.file), "-o", str(tmp_path / "s.onnx")]
    refused = CliRunner().invoke(cli, arguments)
    assert refused.exit_code in (1, 2)
    assert "build" in refused.output
    made = CliRunner().invoke(cli, [*arguments, "--build", "mine:network"])
    assert made.exit_code == 0, made.output
    assert "4 of 4 convolutions and products are computed with integers" in made.output
    wrong = CliRunner().invoke(cli, [*arguments, "--seed", "1"])
    assert "--what generator" in wrong.output


def test_a_file_tells_what_one_must_know_to_run_it(written: ExportedStudent) -> None:
    found = onnxruntime.InferenceSession(written.path).get_modelmeta().custom_metadata_map
    about = {name: json.loads(value) for name, value in found.items()}
    assert about == {"image_shape": list(SHAPE), "teacher": about["teacher"], "bits": "w4a4"}


class Bessel(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        return torch.special.bessel_j0(super().forward(x))


def test_what_onnx_has_not_is_named(tmp_path: Path) -> None:
    made = autorecon.compress(
        Bessel().eval(), image_shape=SHAPE, progress=False, **SHORT, allow_partial=True
    )
    with pytest.raises(
        ExportError,
        match=r"write .*Bessel.* as ONNX: ONNX has no \S+bessel_j0; a .pt2",
    ):
        made.export(tmp_path / "s.onnx")
    assert not list(tmp_path.iterdir())


class Forked(Tiny):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.sum() > 0 else super().forward(-x)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("s.pt2", r"torch.export cannot capture mine:forked: \w+"),
        ("s.onnx", r"torch cannot write mine:forked as ONNX: \w+"),
    ],
)
def test_a_distilled_student_that_cannot_be_captured_is_told(
    name: str, said: str, tmp_path: Path
) -> None:
    config = CompressConfig(method="kegnet", student="mine:forked")
    teacher = Teacher("mine:net", nn.Identity(), 5, SHAPE)
    file = tmp_path / "small.safetensors"
    save_student(file, DistilledStudent(Forked()), teacher, config, software={})
    with pytest.raises(ExportError, match=said):
        export_student(file, tmp_path / name, build=Forked)
    assert [path.name for path in tmp_path.iterdir()] == ["small.safetensors"]


def test_what_is_too_old_is_told_before_anything_is_done(
    integers: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    needed = extra["project"]["optional-dependencies"]["export"]
    assert needed == [f"{name}>={oldest}" for name, oldest in OLDEST.items()]
    monkeypatch.setattr("autorecon.export.runtime.version", lambda name: "1.9.0")
    with pytest.raises(ExportError, match=r"onnx 1.9.0 is too old .* 1.17 or newer: pip install"):
        integers.export(tmp_path / "s.onnx", weights_as="int4")


def test_a_place_that_cannot_be_written_is_told_before(
    integers: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.export.student.load_compressed", pytest.fail)
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="file is not a folder"):
        integers.export(tmp_path / "file" / "s.onnx")
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(RunError, match="nothing may be written to"):
        integers.export(tmp_path / "new" / "s.onnx")
