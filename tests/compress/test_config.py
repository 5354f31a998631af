from __future__ import annotations

import tomllib
from itertools import pairwise

import attrs
import pytest

from autorecon.compress import Bits, CompressConfig, CompressError
from autorecon.compress.quantization.bits import plain
from autorecon.objective import ObjectiveError


def test_a_toml_table_makes_one() -> None:
    table = tomllib.loads('bits = "w4a4"\nsteps = 10\nstudent_lr = 0.01\nobjective = "ce"')
    config = CompressConfig(**table)
    assert (config.bits, config.rate, config.ticks) == (Bits(4, 4), 0.01, 160)
    values = attrs.asdict(config, value_serializer=plain)
    assert all(isinstance(value, str | int | float | bool | None) for value in values.values())
    assert CompressConfig(**values) == config


def test_the_student_rate_follows_the_ranges() -> None:
    assert CompressConfig(ranges="minmax").rate > CompressConfig(ranges="percentile").rate


@pytest.mark.parametrize("epochs", [1, 3, 7, 10])
def test_epochs_share_all_steps(epochs: int) -> None:
    config = CompressConfig(warmup_steps=3, steps=7, epochs=epochs)
    bounds = [config.ticks_before(epoch) for epoch in range(epochs + 1)]
    lengths = [later - earlier for earlier, later in pairwise(bounds)]
    assert (bounds[0], bounds[-1]) == (0, 10)
    assert max(lengths) - min(lengths) <= 1


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        (
            {"ranges": "max"},
            "ranges = 'max' is unknown; choose fitted or percentile or mse or channels or minmax",
        ),
        ({"rounding": "up"}, "rounding = 'up' is unknown; choose plain or unbiased"),
        ({"bits": "w1a1"}, "choose 2 to 8"),
        ({"bits": ""}, "bits '': expected the form w3a3"),
        ({"method": "dafl", "bits": "w3a3"}, "the method dafl has no setting `bits`"),
        ({"steps": 0}, "steps = 0 must be at least 1"),
        ({"batch": 1}, "batch = 1 must be at least 2"),
        ({"warmup_steps": -1}, "warmup_steps = -1 must be 0 or more"),
        ({"student_lr": 0.0}, "student_lr = 0.0 must be above 0"),
        ({"generator_lr": float("nan")}, "generator_lr = nan must be above 0"),
        ({"temperature": -1.0}, "temperature = -1.0 must be above 0"),
        (
            {"method": "deepinversion", "student": "resnet20", "image_batches": 4, "rounds": 5},
            "rounds = 5 must be at most image_batches, 4",
        ),
        ({"steps": 2, "warmup_steps": 1, "epochs": 4}, "epochs = 4 must be at most 3"),
    ],
)
def test_senseless_settings_are_refused(setting: dict[str, object], fault: str) -> None:
    with pytest.raises(CompressError) as caught:
        CompressConfig(**setting)
    assert fault in str(caught.value)


def test_a_run_of_few_steps_has_as_many_epochs() -> None:
    assert CompressConfig(steps=2, warmup_steps=1).epochs == 3
    assert CompressConfig().epochs == 8


def test_a_faulty_objective_is_refused() -> None:
    with pytest.raises(ObjectiveError, match="did you mean `bns`"):
        CompressConfig(objective="ce + bnz")


def test_a_shorter_budget_has_fewer_batches_in_a_bank_and_shorter_ones_of_pictures() -> None:
    bank = CompressConfig("fast", image_batches=40, image_steps=5, rounds=20, steps=100)
    short = bank.shortened(0.1)
    assert (short.image_batches, short.image_steps, short.rounds, short.steps) == (4, 5, 4, 10)
    pictures = CompressConfig("deepinversion", image_batches=4, image_steps=50, rounds=2)
    short = pictures.shortened(0.1)
    assert (short.image_batches, short.image_steps, short.rounds) == (4, 5, 2)
    assert CompressConfig(polish_steps=30).shortened(0.1).polish_steps == 3
