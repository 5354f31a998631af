"""The estimate of a compression's memory against what autograd keeps at the full batch."""

from __future__ import annotations

import copy

import attrs
import pytest
import torch
from torch import nn

from autorecon.compress import CompressConfig, Compression
from autorecon.compress.engine.memory import HELD, Memory, estimates
from autorecon.nn.kept import Kept

CONFIG = CompressConfig("gdfq", bits="w4a4", batch=8, warmup_steps=1, steps=1, epochs=1)


@pytest.fixture
def stage(teacher: nn.Module, generator: nn.Module) -> Compression:
    return Compression(copy.deepcopy(teacher), CONFIG, copy.deepcopy(generator))


def test_activations_of_any_batch_are_told_from_small_ones(
    stage: Compression, generator: nn.Module
) -> None:
    kept = Kept(generator)
    with kept.taken():
        images = generator(torch.randn(48, 6), torch.zeros(48, dtype=torch.int64))
    assert images.requires_grad
    assert abs(estimates(stage)(48, 1).generator / kept.bytes - 1) < 0.02


def test_parts_need_less_and_the_generator_as_much(stage: Compression) -> None:
    at = estimates(stage)
    whole, split = at(64, 1), at(64, 4)
    assert split.generator == whole.generator
    assert split.models == pytest.approx(whole.models / 4, rel=0.2)
    assert split.total < whole.total < at(128, 1).total


def test_terms_of_the_student_hold_its_graph_beside_the_teachers(
    teacher: nn.Module, generator: nn.Module, stage: Compression
) -> None:
    config = attrs.evolve(CONFIG, objective="ce - adversarial_l1")
    other = Compression(copy.deepcopy(teacher), config, copy.deepcopy(generator))
    assert estimates(other)(8, 1).models > estimates(stage)(8, 1).models


def test_alignment_takes_a_teacher_more_and_keeps_its_maps(
    teacher: nn.Module, generator: nn.Module, stage: Compression
) -> None:
    config = attrs.evolve(CONFIG, alignment=1.0)
    other = Compression(copy.deepcopy(teacher), config, copy.deepcopy(generator))
    aligned, plain = estimates(other)(8, 1), estimates(stage)(8, 1)
    assert aligned.weights - plain.weights == sum(p.nbytes for p in teacher.parameters())
    assert aligned.models >= plain.models


def test_pictures_are_all_kept(teacher: nn.Module) -> None:
    config = CompressConfig("zeroq", bits="w4a4", batch=8, image_batches=10, image_steps=1)
    stage = Compression(teacher, config, image_shape=(1, 8, 8))
    found = estimates(stage)(8, 1)
    assert found.generator == 0
    assert found.pictures > 10 * 8 * 8 * 8 * 4


def test_the_total_is_of_the_worst_moment() -> None:
    found = Memory(2**20, 2**20, 2**21, 0, 0)
    assert found.total == round(HELD * 2**22)
    assert found.text.startswith("needs about 5 MiB of memory beside torch itself (weights")
    assert "pictures" not in found.text


def test_a_bank_is_no_larger_than_it_may_be(teacher: nn.Module, generator: nn.Module) -> None:
    def found(method: str, **settings: int) -> Memory:
        config = CompressConfig(method, batch=8, image_batches=100, rounds=1, **settings)
        stage = Compression(copy.deepcopy(teacher), config, copy.deepcopy(generator))
        return estimates(stage)(8, 1)

    image = 8 * 8 * 4
    assert found("nayer").pictures == (100 + 2) * 8 * image
    assert found("nayer", bank=3).pictures == (3 + 2) * 8 * image
    # The copy that takes the steps of a batch, its gradients and moments.
    own = sum(p.nbytes for p in generator.parameters())
    assert found("fast").weights - found("nayer").weights == 4 * own
    assert found("fast").generator > 0
