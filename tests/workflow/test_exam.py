"""What students are measured by, against figures worked by hand."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import nn

from autorecon.data import DataError, Dataset, Split
from autorecon.data.labels import UNKNOWN
from autorecon.objective import DivergedError
from autorecon.records.score import Score
from autorecon.runs import Progress, load_state
from autorecon.workflow import exam as module
from autorecon.workflow import invented
from autorecon.workflow import run as workflow
from autorecon.workflow.config import read_config
from autorecon.workflow.exam import Exam

QUIET = Progress(quiet=True)


def dataset(labels):
    """Images of one pixel, 0, 1, 2, ..."""
    images = torch.arange(3.0).view(3, 1, 1, 1)
    split = Split(images, None if labels is None else torch.tensor(labels))
    return Dataset("toy", 1, 1, ("a", "b"), (0.0,), (1.0,), lambda which: split, "of the test")


def test_accuracy_agreement_and_divergence(says):
    even, sure = [0.0, 0.0], [math.log(3), 0.0]  # probabilities 1/2, 1/2 and 3/4, 1/4
    teacher, student = says(sure, even, [0.0, 5.0]), says(even, sure, [9.0, 0.0])
    found = Exam.of(teacher, dataset([0, 1, 1])).score(student.train())
    assert found.accuracy == pytest.approx(100 / 3)  # the first alone; ties are the first class
    assert found.agreement == pytest.approx(200 / 3)
    own, other = math.log(1 + math.exp(-5)), math.log(1 + math.exp(-9))
    last = (1 - 1 / (1 + math.exp(5))) * (9 + other - own) + (other - 5 - own) / (1 + math.exp(5))
    by_hand = [
        0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5),
        0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25),
        last,
    ]
    assert found.divergence == pytest.approx(sum(by_hand) / 3, rel=1e-6)
    assert student.training


def test_a_teacher_agrees_with_itself(says):
    exam = Exam.of(says([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]), dataset([0, 0, 0]))
    assert exam.score(exam.teacher) == Score(exam.accuracy, 100.0, 0.0)
    assert exam.accuracy == pytest.approx(200 / 3)
    assert (exam.data.test_images, exam.data.about) == (3, "of the test")


def test_accuracy_is_of_the_labelled_and_agreement_of_all(says):
    exam = Exam.of(says([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]), dataset([0, 1, UNKNOWN]))
    assert exam.score(exam.teacher) == Score(50.0, 100.0, 0.0)
    assert Exam.of(exam.teacher, dataset([UNKNOWN] * 3)).accuracy is None


def test_without_labels_there_is_no_accuracy(says):
    exam = Exam.of(says([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]), dataset(None))
    assert exam.accuracy is None
    assert exam.score(exam.teacher) == Score(None, 100.0, 0.0)


@pytest.mark.parametrize("kept", [0, 100])
def test_the_teacher_is_asked_once_for_what_is_kept(says, monkeypatch, kept):
    monkeypatch.setattr(module, "KEPT", kept)
    monkeypatch.setattr("autorecon.data.dataset.MOST_IMAGES", 1)
    monkeypatch.setattr("autorecon.data.dataset.LEAST_IMAGES", 1)
    teacher, asked = says([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]), []
    teacher.register_forward_hook(lambda *given: asked.append(1))
    exam = Exam.of(teacher, dataset(None))
    student = says([1.0, 0.0], [0.0, 1.0], [0.0, 1.0])
    found = [exam.score(student) for _ in range(2)]
    assert found[0] == found[1]
    assert found[0].agreement == pytest.approx(200 / 3)
    assert len(asked) == (3 if kept else 6)


def test_a_student_that_fails_leaves_gradients_and_modes(says):
    exam = Exam.of(says([1.0, 0.0], [1.0, 0.0], [0.0, 1.0]).train(), dataset(None))
    with pytest.raises(IndexError):
        exam.score(says([1.0, 0.0]).train())
    assert torch.is_grad_enabled()
    assert exam.teacher.training


def test_a_student_that_answers_nothing_has_no_agreement_to_speak_of(says):
    exam = Exam.of(says([1.0, 2.0], [1.0, 2.0], [1.0, 2.0]), dataset(None))
    found = exam.score(says(*[[math.nan, math.nan]] * 3))
    assert found.agreement == 0
    assert math.isnan(found.divergence)


def photographs(folder, count=3):
    folder.mkdir()
    for index in range(count):
        Image.effect_noise((20, 12 + index), 90).convert("RGB").save(folder / f"{index}.png")
    return {
        "size": 8, "data": f"folder:{folder}", "mean": [0.5], "std": [0.25],
        "name": "tiny_teacher:teacher",
    }  # fmt: skip


def compressing(tiny, **changes):
    own = {"method": "zeroq", "epochs": 2, "image_steps": 3, "batch": 4}
    settings = tiny | {"compress": own, "space": {"file": "", "baseline": ""}} | changes
    return workflow.start(Path("run"), read_config(settings | {"command": "compress"}), QUIET)


def test_a_folder_without_labels_measures_agreement(tiny, tmp_path):
    results = workflow.compress(*compressing(tiny, teacher=photographs(tmp_path / "x")), QUIET)
    (row,) = results.rows
    assert row.last.accuracy is None
    assert round(3 * row.last.agreement / 100, 6) in (0, 1, 2, 3)
    assert (results.data.test_images, results.data.about) == (3, "without labels")
    assert (results.summary[0].last.mean, results.figure) == (row.last.agreement, "agreement")
    assert not Path("run/invented.safetensors").exists()


def test_a_damaged_photograph_is_told_before_anything_is_trained(tiny, tmp_path, monkeypatch):
    teacher = photographs(tmp_path / "x")
    path = tmp_path / "x" / "2.png"
    path.write_bytes(path.read_bytes()[:-200])
    started = compressing(tiny, teacher=teacher)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *a, **k: pytest.fail("trained"))
    with pytest.raises(DataError, match=r"cannot read the image .*2\.png"):
        workflow.compress(*started, QUIET)


def test_without_data_images_are_invented_that_no_student_saw(tiny):
    folder, prepared = compressing(tiny)
    results = workflow.compress(folder, prepared, QUIET)
    images = load_state(folder.path / "invented.safetensors")["images"]
    assert images.shape == (4, 1, 8, 8)
    assert results.data.about == (
        "not photographs: pixels optimised for 1 step on 'bns_std'; no student learned from them"
    )
    learned = load_state_of(folder.compressed_path / "zeroq-seed0.images.safetensors")
    assert not any(torch.equal(one, other) for one in images for other in learned)
    assert "invented images" in results.seconds


def test_of_a_bank_whole_batches_are_invented(tiny):
    bank = {"image_batches": 20, "image_steps": 2, "rounds": 2, "steps": 25}
    own = {"method": "fast", "batch": 4, "epochs": 1} | bank
    space = {"file": "plain.space", "baseline": ""}
    folder, prepared = compressing(tiny, compress=own, space=space)
    results = workflow.compress(folder, prepared, QUIET)
    images = load_state(folder.path / "invented.safetensors")["images"]
    assert images.shape == (3 * 4, 1, 8, 8)
    assert "trained anew from a seed of its own for 6 steps on 'ce + 100*bns'" in results.data.about
    learned = load_state_of(folder.compressed_path / "generator-seed0.images.safetensors")
    assert learned.shape == (4 * 4, 1, 8, 8)


def load_state_of(path):
    from autorecon.runs import load_weights

    return load_weights(path)["images"]


def test_invented_images_that_diverge_leave_nothing_measured(tiny, monkeypatch):
    def diverging(*given):
        raise DivergedError("ce", math.nan)

    monkeypatch.setattr(invented, "_make", diverging)
    results = workflow.compress(*compressing(tiny), QUIET)
    assert (results.data, results.rows[0].last) == (None, None)


@pytest.mark.parametrize(
    ("compress", "seeds", "generators", "steps"),
    [
        ({"warmup_steps": 100, "steps": 300, "epochs": 1}, [0], 1, 40),
        ({"warmup_steps": 100, "steps": 300, "epochs": 1}, [0], 2, 40),
        ({"warmup_steps": 100, "steps": 300, "epochs": 1}, list(range(20)), 1, 400),
        ({"warmup_steps": 1, "steps": 3, "epochs": 1}, [0], 1, 1),
        ({"method": "dfq"}, [0], 0, invented.FEWEST),
    ],
)
def test_a_tenth_of_the_steps_at_most(compress, seeds, generators, steps):
    config = read_config({"command": "compress", "compress": compress, "seeds": seeds})
    assert invented._steps(config, generators) == steps


@pytest.mark.parametrize(
    ("method", "objective"),
    [
        ("gdfq", "ce + 10*bns"),
        ("dfad", "onehot + entropy + 10*bns"),  # which its own would need a student for
        ("dfq", "onehot + entropy + 10*bns"),
        ("zeroq", "bns_std"),
        ("fast", "ce + 100*bns"),
    ],
)
def test_the_objective_is_the_runs_own_where_it_needs_no_student(tiny, method, objective):
    space = {"file": "", "baseline": ""}
    if method in ("gdfq", "dfad", "fast"):
        space["file"] = "gdfq-cifar"
    settings = tiny | {"compress": {"method": method}, "space": space, "command": "compress"}
    prepared = workflow.prepare(read_config(settings))
    assert invented._config(prepared, 7).objective == objective
    bare = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    if method == "dfq":
        import attrs

        teacher = attrs.evolve(prepared.teacher, module=bare)
        found = invented._config(attrs.evolve(prepared, teacher=teacher), 7)
        assert (found.objective, found.image_steps) == ("onehot + entropy", 7)
