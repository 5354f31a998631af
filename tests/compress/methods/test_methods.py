"""Every method of the catalogue, whole, at a size of milliseconds."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import METHODS, CompressConfig, CompressError, Compression, Method
from autorecon.compress.engine.assembly import check_needs
from autorecon.compress.methods.method import find_method, register
from autorecon.objective import NEEDS, DivergedError
from autorecon.records.score import Score
from autorecon.teachers.architectures import ARCHITECTURES

SMALL = {
    "batch": 6, "warmup_steps": 2, "image_batches": 2, "image_steps": 2, "steps": 4,
    "epochs": 2, "calibration_batches": 1, "student": "tiny", "rounds": 2,
}  # fmt: skip


def config_of(name: str, **settings: Any) -> CompressConfig:
    own = {key: value for key, value in SMALL.items() if key in METHODS[name].settings}
    if not METHODS[name].settings.get("warmup_steps", 1):
        own.pop("warmup_steps", None)
    if not METHODS[name].makes_images:
        own["epochs"] = 1
    return CompressConfig(method=name, **own | settings)


class TinyStudent(nn.Module):
    """8x8 images to logits, with dropout, which draws from torch's own generator."""

    def __init__(self, classes: int, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(2, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(self.norm(self.conv(x)).relu().mean((2, 3))))


@pytest.fixture(autouse=True)
def tiny_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ARCHITECTURES, "tiny", TinyStudent)


@pytest.fixture
def start(teacher: nn.Module, generator: nn.Module) -> Any:
    """A method on fresh copies of everything."""

    def of(name: str, **settings: Any) -> Compression:
        net = copy.deepcopy(generator) if METHODS[name].source == "generator" else None
        config = config_of(name, **settings)
        return Compression(copy.deepcopy(teacher), config, net, fingerprint, image_shape=(1, 8, 8))

    return of


def fingerprint(module: nn.Module) -> Score:
    assert not module.training
    return Score(sum(float(p.detach().double().abs().sum()) for p in module.parameters()))


def equal(one: object, other: object) -> bool:
    if isinstance(one, Tensor):
        return isinstance(other, Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(equal, one, other))
    return one == other


def ignore() -> None:
    """A tick that nobody watches."""


@pytest.mark.parametrize("name", METHODS)
def test_a_method_goes_all_the_way_and_resumes_to_the_same_end(start: Any, name: str) -> None:
    whole = start(name)
    before = copy.deepcopy(whole.view.teacher.state_dict())
    rows = [whole.run_epoch(epoch, ignore) for epoch in range(whole.epochs)]
    assert equal(whole.view.teacher.state_dict(), before)
    assert whole.result().last == fingerprint(whole.student.module)
    pause = whole.epochs - 1
    first = start(name)
    for epoch in range(pause):
        first.run_epoch(epoch, ignore)
    torch.manual_seed(99)
    second = start(name)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    torch.rand(3)
    assert [second.run_epoch(epoch, ignore) for epoch in range(pause, whole.epochs)] == rows[pause:]
    assert equal(second.state_dict(), whole.state_dict())
    assert second.result() == whole.result()


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.family == "quantization"])
def test_statistics_of_a_quantized_student_stay_the_teachers(start: Any, name: str) -> None:
    stage = start(name)
    before = copy.deepcopy(stage.student.module.state_dict())
    for epoch in range(stage.epochs):
        stage.run_epoch(epoch, ignore)
    after = stage.student.module.state_dict()
    still = [key for key in after if "running_" in key or "num_batches" in key]
    assert all(torch.equal(after[key], before[key]) for key in still)
    assert still or name == "dfq"  # which folds them away


@pytest.mark.parametrize("name", [n for n, m in METHODS.items() if m.makes_images])
def test_the_diversity_of_every_batch_is_logged(start: Any, name: str) -> None:
    stage = start(name)
    rows = [stage.run_epoch(epoch, ignore) for epoch in range(stage.epochs)]
    logged = [value for row in rows for value in row.get("diversities", [])]
    made = SMALL["image_batches"] if METHODS[name].keeps_images else stage.ticks
    assert len(logged) == made
    assert all(0 <= value <= 1.5 for value in logged)


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_needs_is_known_and_asked_for(start: Any, name: str) -> None:
    needs = config_of(name).needs
    assert set(needs) <= NEEDS.keys()
    bare = nn.Sequential(nn.Conv2d(1, 4, 8), nn.ReLU(), nn.Conv2d(4, 3, 1), nn.Flatten())
    if not needs:
        return
    with pytest.raises(
        CompressError,
        match=rf"the method {name} .*needs .*(`autorecon methods`|objective=.* do(es)? without)",
    ):
        Compression(bare, config_of(name), nn.Identity(), image_shape=(1, 8, 8))


@pytest.mark.parametrize("name", METHODS)
def test_a_generator_too_few_or_many_is_refused(
    teacher: nn.Module, generator: nn.Module, name: str
) -> None:
    wrong = None if METHODS[name].source == "generator" else generator
    with pytest.raises(CompressError, match="generator"):
        Compression(teacher, config_of(name), wrong, image_shape=(1, 8, 8))


@pytest.mark.parametrize("name", METHODS)
def test_a_method_has_a_summary_and_says_where_it_is_from(name: str) -> None:
    entry = METHODS[name]
    assert entry.name == name
    assert entry.summary
    assert len(entry.cite) > 20
    assert entry.settings.keys() <= {field.name for field in CompressConfig.__attrs_attrs__}


def test_a_setting_that_a_method_has_not_is_refused() -> None:
    with pytest.raises(CompressError, match="`steps`, which is dfc, gdfq, qimera or another's; it"):
        CompressConfig(method="calibration", steps=5)
    with pytest.raises(CompressError, match="no method 'gdfk': did you mean `gdfq`"):
        CompressConfig(method="gdfk")
    with pytest.raises(CompressError, match="there is already a method gdfq"):
        register(find_method("gdfq"))


def test_a_collapse_names_its_step(start: Any) -> None:
    stage = start("gdfq", warmup_steps=3, epochs=1)
    make, step = stage.source.make, [0]

    def collapsing(student: Any) -> Any:
        batch, losses = make(student)
        step[0] += 1
        if step[0] == 3:
            batch.images.copy_(batch.images[:1].expand_as(batch.images))
        return batch, losses

    stage.source.make = collapsing
    row = stage.run_epoch(0, ignore)
    assert row["warning"].startswith("step 3: the images collapsed: they are nearly identical")
    assert row["diversities"][2] == 0
    assert min(row["diversities"][:2] + row["diversities"][3:]) > 0.05


def test_divergence_names_the_step_and_the_loss(start: Any) -> None:
    stage = start("gdfq", student_lr=1e30, epochs=1)
    with pytest.raises(DivergedError, match=r"'student \w+' became (nan|inf) at step [3-6]"):
        stage.run_epoch(0, ignore)


def test_methods_are_values() -> None:
    assert isinstance(METHODS["gdfq"], Method)
    with pytest.raises(TypeError):
        METHODS["mine"] = METHODS["gdfq"]  # type: ignore[index]


def test_what_does_without_statistics_is_told() -> None:
    plain = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 3))
    told = "--with 'compress.objective=ce' --with 'compress.polish_steps=0' do without"
    with pytest.raises(CompressError, match=re.escape(told)):
        check_needs(plain, CompressConfig(method="gptaq"))
    with pytest.raises(CompressError, match=r"; --with 'compress.polish_steps=0' does without"):
        check_needs(plain, CompressConfig(method="gptaq", objective="ce"))
    check_needs(plain, CompressConfig(method="gptaq", objective="ce", polish_steps=0))


def test_gptaq_is_calibration_that_reconstructs_by_polished_images(
    teacher: nn.Module, generator: nn.Module
) -> None:
    tiny = {"batch": 8, "warmup_steps": 2, "epochs": 1, "bits": "w2a4", "calibration_batches": 1}
    own = {"ranges": "mse", "statistics": True, "reconstruct": True, "polish_steps": 2}
    students = []
    for config in (
        CompressConfig("gptaq", polish_steps=2, **tiny),
        CompressConfig("calibration", **own, **tiny),
    ):
        stage = Compression(teacher, config, copy.deepcopy(generator), image_shape=(1, 8, 8))
        torch.manual_seed(0)
        stage.run_epoch(0, lambda: None)
        students.append(stage.student.module.state_dict())
    assert all(students[0][name].equal(students[1][name]) for name in students[0])
