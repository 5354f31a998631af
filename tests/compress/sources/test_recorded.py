"""Images that were made for one student teach another as if they had been made for it."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from autorecon.compress import CompressConfig, Compression
from autorecon.compress.sources import Recorded, Repeated
from autorecon.objective import TeacherView
from autorecon.records.score import Score
from autorecon.runs import load_state, save_state

SETTINGS = {"batch": 8, "warmup_steps": 4, "steps": 6, "epochs": 5, "calibration_batches": 2}
METHODS = ("gdfq", "qimera", "ait")


def stage(teacher, generator, wrap=None, **settings):
    config = CompressConfig(**SETTINGS | settings)
    nets = copy.deepcopy(teacher), config, copy.deepcopy(generator)
    return Compression(*nets, lambda module: Score(_sum(module)), wrap=wrap)


def _sum(module: nn.Module) -> float:
    return sum(float(p.double().abs().sum()) for p in module.parameters())


def run(stage, first=0):
    return [stage.run_epoch(epoch, lambda: None) for epoch in range(first, stage.epochs)]


@pytest.fixture
def recording(teacher, generator, tmp_path):
    """What a compression to three bits made, read back from a file."""

    def record(method):
        made = stage(teacher, generator, Recorded, method=method, bits="w3a3")
        run(made)
        save_state(tmp_path / "images.safetensors", made.source.recording())
        return load_state(tmp_path / "images.safetensors")

    return record


@pytest.mark.parametrize("method", METHODS)
def test_a_student_of_repeated_images_is_the_one_that_has_its_own(
    teacher, generator, recording, method
):
    own = stage(teacher, generator, method=method, bits="w2a4")
    rows = run(own)
    found = recording(method)
    other = stage(teacher, generator, lambda _: Repeated(found), method=method, bits="w2a4")
    assert run(other) == rows
    assert other.result() == own.result()
    differs = stage(teacher, generator, method=method, bits="w3a3")
    assert run(differs) != rows


def test_nothing_is_generated_again(teacher, generator, recording, monkeypatch):
    found = recording("gdfq")
    repeated = stage(teacher, generator, lambda _: Repeated(found), bits="w2a4")
    monkeypatch.setattr(TeacherView, "__call__", lambda *given: pytest.fail("looked again"))
    run(repeated)


def test_repeating_goes_on_after_an_interruption(teacher, generator, recording):
    found = recording("gdfq")
    whole, first, second = (
        stage(teacher, generator, lambda _: Repeated(found), bits="w2a4") for _ in range(3)
    )
    rows = run(whole)
    early = [first.run_epoch(epoch, lambda: None) for epoch in range(3)]
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert early + run(second, 3) == rows


def test_a_record_is_whole_only_if_nothing_interrupted_it(teacher, generator):
    first, second = (stage(teacher, generator, Recorded) for _ in range(2))
    rows = [first.run_epoch(0, lambda: None)]
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert rows + run(second, 1) == run(stage(teacher, generator))
    assert first.source.whole
    assert not second.source.whole


def test_which_images_depend_on_the_student():
    def image_settings(**settings):
        return CompressConfig(**SETTINGS | settings).image_settings

    assert image_settings(bits="w2a4", student_lr=0.1, alpha=2.0) == image_settings(bits="w3a3")
    assert image_settings(labels="all", alignment=1.0) == image_settings()
    assert image_settings(keep="last") != image_settings()  # it looks at fewer images
    assert image_settings(bits="w2a4") != image_settings(bits="w2a4", seed=1)
    assert image_settings(bits="w2a4") != image_settings(bits="w2a4", objective="ce")
    assert image_settings(method="qimera") != image_settings(method="gdfq")
    assert image_settings(method="adadfq") is None
    assert image_settings(objective="ce + 0.1*bns + adversarial_l1") is None
    assert CompressConfig(method="zeroq").image_settings is None
    dafl = [
        CompressConfig(method="dafl", student=name).image_settings
        for name in ("resnet20", "resnet18")
    ]
    assert dafl[0] == dafl[1] is not None


def test_the_noise_is_not_kept(teacher, generator, recording):
    values, _ = recording("gdfq")["calls"][0]
    assert values["request"]["noise"] is None
    assert values["images"].shape == (8, 1, 8, 8)
    assert values["request"]["labels"].dtype == torch.int64
