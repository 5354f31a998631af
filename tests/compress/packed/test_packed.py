"""A student's file: small, whole, built again without the teacher's weights, and not trusted."""

from __future__ import annotations

import json
from pathlib import Path

import attrs
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

import autorecon
from autorecon.compress import Bits, CompressConfig, CompressError, quantize
from autorecon.compress.packed import load
from autorecon.compress.packed.load import rebuilt
from autorecon.compress.packed.save import save_student
from autorecon.compress.quantization.bits import ROUNDINGS
from autorecon.compress.student import DistilledStudent, QuantizedStudent, Student
from autorecon.records.errors import RecordError
from autorecon.records.packed import KEY, read_packed
from autorecon.runs import RunError
from autorecon.teachers import Teacher, TeacherError, build, build_student

SHAPE = (1, 6, 6)
PAGE = (Path(__file__).parents[3] / "docs" / "compression.md").read_text("utf-8")


class Odd(nn.Module):
    """A tied weight that is read as it is too, a transposed convolution in groups, a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose2d(4, 6, 2, groups=2)
        self.matrix = nn.Parameter(torch.randn(6, 5))
        self.register_buffer("order", torch.tensor([4, 1, 2, 3, 0]))
        self.register_buffer("made", torch.arange(5.0), persistent=False)
        self.never = nn.Parameter(torch.randn(3))

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.norm(self.stem(x)).relu()).relu().mean((2, 3))
        return (x @ self.matrix)[:, self.order] + self.made + self.matrix[0].mean()


def quantized(module: nn.Module, shape: tuple[int, int, int], **settings: str) -> QuantizedStudent:
    """A student that has seen images, its own statistics among them."""
    torch.manual_seed(1)
    config = {"bits": "w3a3", "rounding": "unbiased"} | settings
    model = quantize(module.eval(), shape, Bits.parse(config["bits"]), rounding=config["rounding"])
    student = QuantizedStudent(model)
    student.begin([torch.randn(8, *shape)])
    return student


def saved(
    made: Student, name: str, shape: tuple[int, int, int], classes: int, **settings: str | int
) -> Path:
    config = CompressConfig(**({"bits": "w3a3"} | settings if made.report else settings))
    teacher = Teacher(name, nn.Identity(), classes, shape, mean=(0.5,), std=(0.25,))
    save_student(Path("s.safetensors"), made, teacher, config, software={})
    return Path("s.safetensors")


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def odd() -> QuantizedStudent:
    return quantized(Odd(), SHAPE)


@pytest.fixture
def small(odd: QuantizedStudent) -> Path:
    return saved(odd, "Odd", SHAPE, 5)


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("memory", ["dequantized", "packed"])
def test_a_model_answers_bit_for_bit_as_the_student_did(rounding: str, memory: str) -> None:
    student = quantized(Odd(), SHAPE, rounding=rounding)
    images = torch.randn(5, 1, 6, 6)
    path = saved(student, "Odd", SHAPE, 5, rounding=rounding)
    model = autorecon.load_compressed(path, build=Odd, memory=memory)
    assert model(images).equal(student(images))
    assert (model.image_shape, model.classes, model.bits) == (SHAPE, 5, "w3a3")
    assert model.normalise(torch.full(SHAPE, 0.75)).equal(torch.ones(SHAPE))
    assert not any(p.requires_grad for p in model.parameters())
    again = rebuilt(path, build=Odd)
    assert again(images).equal(student(images))
    assert again.report == student.report
    assert again.weights().keys() == student.model.weights().keys()
    assert again.weight_bytes() == student.weight_bytes()


def test_a_shipped_network_needs_nothing_else_and_few_bytes() -> None:
    images = torch.randn(2, 1, 8, 8)
    for bits, most in (("w4a4", 160_000), ("w2a4", 95_000)):
        student = quantized(build("autorecon:resnet20", 10, (1, 8, 8)), (1, 8, 8), bits=bits)
        path = saved(student, "resnet20-fashion16", (1, 8, 8), 10, bits=bits)
        size = path.stat().st_size
        assert student.weight_bytes() <= size < min(most, 1.03 * student.weight_bytes())
        assert f"{round(size / 1000)} kB at {bits}" in PAGE
    about, _ = read_packed(path)
    assert (about.teacher, about.architecture) == ("resnet20-fashion16", "autorecon:resnet20")
    model = autorecon.load_compressed(path, memory="packed")
    assert model(images).equal(student(images))
    assert sum(value.nbytes for value in model.state_dict().values()) < 1.1 * size


def test_a_folded_student_is_built_again(teacher: nn.Module) -> None:
    config = CompressConfig(method="dfq", bits="w8a8")
    assert config.recipe.student
    student = config.recipe.student(teacher, (1, 8, 8), config)
    student.begin([])
    path = saved(student, "Tiny", (1, 8, 8), 3, method="dfq", bits="w8a8")
    images = torch.randn(3, 1, 8, 8)
    model = autorecon.load_compressed(path, build=type(teacher))
    assert model(images).equal(student(images))


def test_a_student_of_integers_and_mixed_widths_is_built_again() -> None:
    own = {"scheme": "integer", "bits": "w4a5", "first_last": 8, "bits_of": "up=w5a4"}
    config = CompressConfig(**own)
    rules = config.ranges, config.rounding, config.scheme
    student = QuantizedStudent(quantize(Odd().eval(), SHAPE, config.widths, *rules))
    student.begin([torch.randn(8, *SHAPE)])
    path = saved(student, "Odd", SHAPE, 5, **own)
    images = torch.randn(3, *SHAPE)
    model = autorecon.load_compressed(path, build=Odd)
    assert model(images).equal(student(images))
    assert (model.about.scheme, model.about.settings["first_last"]) == ("integer", 8)
    assert sorted(weight.bits for weight in model.about.weights) == [5, 8, 8]


def test_a_distilled_student_is_float() -> None:
    student = DistilledStudent(build_student("resnet20", 10, 1, 0))
    path = saved(student, "any:thing", (1, 8, 8), 10, method="kegnet", student="resnet20")
    images = torch.randn(3, 1, 8, 8)
    model = autorecon.load_compressed(path)
    assert model(images).equal(student(images))
    assert (model.bits, model.about.method) == ("", "kegnet")
    assert load_file(path).keys() == student.module.state_dict().keys()
    with pytest.raises(CompressError, match="was distilled"):
        rebuilt(path)


def test_nothing_that_a_file_names_is_imported(odd: QuantizedStudent) -> None:
    path = saved(odd, "os:abort", SHAPE, 5)
    with pytest.raises(CompressError, match=r"build=os.abort, the .* --build os:abort"):
        autorecon.load_compressed(path)
    path = saved(odd, "a module given in Python", SHAPE, 5)
    with pytest.raises(CompressError, match="build=FUNCTION"):
        autorecon.load_compressed(path)
    with pytest.raises(CompressError, match="gave a list"):
        autorecon.load_compressed(path, build=list)  # type: ignore[arg-type]


class Wider(Odd):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(4, 6, 3, groups=2)


class Renamed(Odd):
    def __init__(self) -> None:
        super().__init__()
        self.larger = self._modules.pop("up")

    @property
    def up(self) -> nn.Module:
        return self.larger


class Normless(Odd):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(4, affine=False)


class Strided(Odd):
    def __init__(self) -> None:
        super().__init__()
        self.up.stride = (2, 2)


class Doubled(Odd):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).relu().relu()


def test_a_class_that_computes_something_else_by_the_same_weights_is_told(small: Path) -> None:
    changed(small, software={"torch": torch.__version__})
    with pytest.raises(RecordError, match=r"it calls relu . times there, and . times here"):
        autorecon.load_compressed(small, build=Doubled)
    with pytest.raises(RecordError, match="the same operations there with other settings"):
        autorecon.load_compressed(small, build=Strided)
    changed(small, software={"torch": "2.9.0"})
    with pytest.warns(UserWarning, match=r"or torch .* says it otherwise than 2\.9\.0"):
        autorecon.load_compressed(small, build=Strided)
    changed(small, calls="")
    autorecon.load_compressed(small, build=Strided)


def test_a_class_that_changed_since_is_told(small: Path) -> None:
    shapes = r"of up.weight it has one of \[4, 3, 2, 2\] there, and one of \[4, 3, 3, 3\] here"
    with pytest.raises(RecordError, match=shapes):
        autorecon.load_compressed(small, build=Wider)
    with pytest.raises(RecordError, match=r"of up.weight it has one of .* there, and none here"):
        autorecon.load_compressed(small, build=Renamed)
    with pytest.raises(RecordError, match="another network than the one that was built"):
        autorecon.load_compressed(small, build=Normless)


def changed(path: Path, **fields: object) -> None:
    about, tensors = read_packed(path)
    text = json.dumps(attrs.asdict(about) | fields)
    save_file({k: v.clone() for k, v in tensors.items()}, path, {KEY: text})


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"format": 2}, "has the format 2, and this version reads 1"),
        ({"format": "x" * 999}, "has the format 'xxx"),
        ({"classes": 10**9}, "classes"),
        ({"image_shape": [1, 10**5, 10**5]}, "is no shape of an image"),
        ({"image_shape": [1, 8]}, "image_shape"),
        ({"mean": [0.5, 0.5]}, "2 numbers, not one a channel"),
        ({"settings": {"bits": "w99a1"}}, "settings that there are not"),
        ({"settings": {"bits": "w3a3", "eval": 1}}, "settings that there are not"),
        ({"settings": {"bits": "w3a3", "ranges": {}}}, "settings that there are not"),
        ({"settings": {"bits": "w4a4"}}, "another network"),
        ({"settings": {"bits": False}}, "settings that there are not .bits = False"),
        ({"settings": {"bits_of": 1}}, "settings that there are not .bits_of = 1"),
        ({"settings": {"rounding": "a" * 9999}}, r"rounding = 'a{200,300} ... a*' is unknown|aaa"),
        ({"settings": {"student": "os:abort"}}, "settings that there are not .student"),
        ({"method": [0] * 9999}, r"expected str, not \[0, 0, .{,300}$"),
        ({"image_shape": "a" * 30_000}, r"image_shape|not as it was written"),
        ({"software": [0] * 30_000}, r"not as it was written .{,400}$"),
        ({"method": "none"}, "no method 'none'"),
        ({"weights": []}, "it has none there, and one of"),
        ({"classes": 6}, "it has 6 classes there, and 5 here"),
        ({"layout": ""}, "another network"),
    ],
)  # fmt: skip
def test_what_a_file_says_is_not_trusted(small: Path, fields: dict, wrong: str) -> None:
    changed(small, **fields)
    with pytest.raises(RecordError, match=wrong):
        autorecon.load_compressed(small, build=Odd)


def test_a_network_that_a_file_is_too_small_for_is_not_built(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "build_known", lambda *of: pytest.fail("it was built"))
    changed(small, architecture="torchvision:vit_h_14")
    with pytest.raises(RecordError, match=r"vit_h_14 has 6\d\d,\d+,\d+ parameters, and the file"):
        autorecon.load_compressed(small)


def test_values_with_which_nothing_is_computed_are_told(small: Path) -> None:
    about, tensors = read_packed(small)
    text = json.dumps(attrs.asdict(about))
    save_file({**tensors, "int64": torch.full_like(tensors["int64"], 2**40)}, small, {KEY: text})
    with pytest.raises(RecordError, match="values with which nothing is computed"):
        autorecon.load_compressed(small, build=Odd)
    save_file({**tensors, "float32": tensors["float32"] * 1e38}, small, {KEY: text})
    with pytest.raises(RecordError, match="no numbers"):
        autorecon.load_compressed(small, build=Odd)


def test_an_unknown_network_or_memory_is_told(small: Path) -> None:
    changed(small, architecture="autorecon:resnet2")
    with pytest.raises(TeacherError, match="no classifier called 'resnet2'"):
        autorecon.load_compressed(small)
    with pytest.raises(CompressError, match="memory = 'x' is unknown"):
        autorecon.load_compressed(small, memory="x")


def test_what_is_no_file_of_ours_is_told(small: Path) -> None:
    whole = small.read_bytes()
    small.write_bytes(whole[:-1])
    with pytest.raises(RunError, match="it may have been cut off"):
        autorecon.load_compressed(small, build=Odd)
    save_file({"a": torch.zeros(1)}, small)
    with pytest.raises(RecordError, match="no compressed model that says how it is built"):
        autorecon.load_compressed(small, build=Odd)
    save_file({"a": torch.zeros(1)}, small, {KEY: "[" * 9})
    with pytest.raises(RecordError, match="does not say what it holds"):
        autorecon.load_compressed(small, build=Odd)
    with pytest.raises(RunError, match="there is no such file"):
        autorecon.load_compressed("none.safetensors")
    with pytest.raises(RunError, match="is not a run"):
        autorecon.load_compressed(".")


def test_values_that_are_no_numbers_are_told(small: Path) -> None:
    about, tensors = read_packed(small)
    tensors["float32"][3] = torch.nan
    save_file(tensors, small, {KEY: json.dumps(attrs.asdict(about))})
    with pytest.raises(RecordError, match="that are no numbers"):
        autorecon.load_compressed(small, build=Odd)
    tensors["float32"] = tensors["float32"][:9].clone()
    save_file(tensors, small, {KEY: json.dumps(attrs.asdict(about))})
    with pytest.raises(RecordError, match="another network"):
        autorecon.load_compressed(small, build=Odd)
