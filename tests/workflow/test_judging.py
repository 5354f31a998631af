"""The tool that tells how well a selection's judges put students in order."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import autorecon
from autorecon import data
from autorecon.nn import Compute
from autorecon.objective import DivergedError
from autorecon.workflow import select
from stand_in import small_teacher as small_teacher

TOOLS = Path(__file__).parents[2] / "tools"
SHORT = ("--budget", "0.008", "--images", "1")


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    spec = importlib.util.spec_from_file_location("judging", TOOLS / "judging.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def judging(tool, monkeypatch):
    """Runs the tool for two steps of students and a batch of images, on noise as the real ones."""
    pixels = torch.randint(256, (40, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    split = data.Split(pixels.to(torch.uint8), torch.arange(40) % 10)
    names = tuple("abcdefghij")
    dataset = data.Dataset("toy", 16, 1, names, (0.5,), (0.25,), lambda which: split)
    short = " batch=8 calibration_batches=1"
    configured = tool.configured
    monkeypatch.setattr(tool, "configured", lambda *given: configured(*given[:2], given[2] + short))
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    return lambda *given: CliRunner().invoke(tool.main, [*given, *SHORT])


def test_all_drawn_make_different_generators(tool):
    space = autorecon.load("autorecon", classes=3, channels=1, size=8)
    drawn = [tool.draw(space, 5, seed) for seed in (0, 0, 1)]
    texts = [[genotype.text for genotype in found] for found in drawn]
    assert texts[0] == texts[1] != texts[2]
    assert len(set(texts[0])) == 5
    few = autorecon.load("autorecon-gdfq", classes=3, channels=1, size=8)
    assert len(tool.draw(few, 5, 0)) == 1


def outcome(student, images, sure=30.0):
    """Draws these images, of the first class all, of which the teacher is so sure."""
    shown = torch.tensor(images).float().view(-1, 1, 1, 1)
    return select.Outcome(student, ((shown, torch.tensor([[sure, 0.0]] * len(images))),))


def test_each_order_is_of_the_images_that_it_names(tool, says):
    """The students know image 0, both images, or image 1; the second generator draws both."""
    knows, not_ = [9.0, 0.0], [0.0, 9.0]
    tried = [
        outcome(says(knows, not_), [0, 0]),
        outcome(says(knows, knows), [0, 1]),
        outcome(says(not_, knows), [1, 1]),
    ]
    human = outcome(says(knows, knows), [1, 1], sure=math.log(3))
    (pixels,) = outcome(None, [0, 0, 1]).drawn
    found = tool.marks(tried, [*tried, human], [7.0, 9.0, 8.0], pixels)
    # 0.75 to the eighth power an image
    assert found.weight == pytest.approx([2, 2, 2, 2 * 0.75**8])
    told = {
        name: [round(order(found, [0, 1, 2], one)) for one in range(3)]
        for name, order in tool.ORDERS.items()
    }
    assert told == {
        "agreement, images of all (the selection)": [50, 100, 50],
        "agreement, images of the others": [25, 100, 25],
        "agreement, its own images": [100, 100, 100],
        "agreement, images of gdfq-cifar": [0, 100, 100],
        "same answers, images of all": [50, 100, 50],
        "same answers, images of gdfq-cifar": [0, 100, 100],
        "layers, pixels (`auto`)": [7, 9, 8],
        "agreement, pixels": [67, 100, 33],
    }
    (exam,) = zip(*select.examined([[one] for one in tried], Compute()), strict=True)
    assert [found.of(one, [0, 1, 2]) for one in range(3)] == pytest.approx(list(exam))


def test_orders_are_compared_with_that_of_real_images(tool, monkeypatch):
    orders = {"right": lambda m, group, one: one, "wrong": lambda m, group, one: -one}
    monkeypatch.setattr(tool, "ORDERS", orders)
    told = list(tool.compared(None, [50.0, 70.0, 90.0, 95.0], [[0, 2, 1], [1, 2, 3]]))
    assert told == [("right", 1.0, 92.5), ("wrong", -1.0, 60.0)]


def test_it_goes_on_without_what_diverges(tool, judging, monkeypatch):
    run_epoch, diverges = select.Compression.run_epoch, {"seed2"}

    def diverging(self, epoch, tick):
        if self.name in diverges:
            raise DivergedError("ce", math.nan)
        return run_epoch(self, epoch, tick)

    monkeypatch.setattr(select.Compression, "run_epoch", diverging)
    result = judging("--count", "6")
    assert result.exit_code == 0, result.output
    assert result.output.count("left out") == 1
    assert len(result.output.splitlines()) == 6 + 3 + len(tool.ORDERS)
    diverges.update(f"seed{number}" for number in range(1, 6))
    result = judging("--count", "6")
    assert result.exit_code == 1
    assert "1 came to an end, of 5 needed" in result.output


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (["gdfq-cifar"], "leaves nothing to search"),
        (["nowhere.space"], "nowhere.space"),
        (["--bits", "w9a9"], "9 bits"),
        (["--method", "zeroq"], "zeroq has no generator to select by"),
        (["--count", "4"], "--count"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(tool, judging, monkeypatch, given, wrong):
    monkeypatch.setattr(tool, "_done", lambda *_: pytest.fail("it trained"))
    result = judging(*given)
    assert result.exit_code in (1, 2)
    assert wrong in result.output
