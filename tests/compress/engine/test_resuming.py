from __future__ import annotations

import copy
from typing import Any

import pytest
import torch

from autorecon.compress.quantization.ranges import RANGES
from autorecon.nn import Compute
from tests.compress.engine.conftest import Make, equal, fingerprint, run


@pytest.mark.parametrize("ranges", RANGES)
@pytest.mark.parametrize("pause", [1, 2, 3])
def test_a_resumed_run_is_the_same_run(make: Make, ranges: str, pause: int) -> None:
    """Paused in the warm-up, right after the calibration, and among the joint steps."""
    whole = make(fingerprint, ranges=ranges)
    rows = run(whole, range(4))
    first = make(fingerprint, ranges=ranges)
    early = run(first, range(pause))
    state = copy.deepcopy(first.state_dict())
    second = make(fingerprint, ranges=ranges)
    second.load_state_dict(state)
    torch.manual_seed(99)
    assert early + run(second, range(pause, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())
    assert second.result() == whole.result()


def test_a_run_goes_on_from_the_middle_of_an_epoch(make: Make) -> None:
    """From each of its steps: of the warm-up, the one that begins the student, and joint ones."""
    whole = make(fingerprint, epochs=2)
    states: list[dict[str, Any]] = []
    rows = [
        whole.run_epoch(e, lambda: states.append(copy.deepcopy(whole.state_dict()))) for e in (0, 1)
    ]
    for number, state in enumerate(states[::2]):
        other = make(fingerprint, epochs=2)
        other.load_state_dict(state)
        torch.manual_seed(number)
        left = range(state["epochs_done"], 2)
        assert run(other, left) == rows[left.start :]
        assert equal(other.state_dict(), whole.state_dict())


def test_a_run_of_all_that_is_drawn_goes_on_to_the_same_end(make: Make) -> None:
    own: dict[str, Any] = {
        "swing": True, "dropped": 0.5, "perturbation": 0.01, "cam": 1.0, "low_pass": 0.3,
    }  # fmt: skip
    whole, first, second = (make(fingerprint, **own) for _ in range(3))
    rows = run(whole, range(4))
    early = run(first, range(3))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    torch.manual_seed(99)
    assert early + run(second, range(3, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())
    assert not equal(make(fingerprint, **own | {"dropped": 0.0}).student, whole.student)


@pytest.mark.parametrize("compute", [Compute(bf16=True), Compute(channels_last=True)])
def test_a_resumed_run_is_the_same_run_however_it_is_computed(make: Make, compute: Compute) -> None:
    whole = make(fingerprint, compute=compute)
    rows = run(whole, range(4))
    first, second = (make(fingerprint, compute=compute) for _ in range(2))
    early = run(first, range(2))
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    assert early + run(second, range(2, 4)) == rows
    assert equal(second.state_dict(), whole.state_dict())


def test_a_compression_that_is_done_keeps_no_moments(make: Make) -> None:
    stage = make()
    run(stage, range(4))
    state = stage.state_dict()
    assert "optimiser" not in state["training"]
    assert "optimiser" not in state["source"]
    again = make()
    again.load_state_dict(copy.deepcopy(state))
    assert again.result() == stage.result()
    assert torch.equal(again.source.draw().images, stage.source.draw().images)
