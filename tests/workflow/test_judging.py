"""The tool that tells how well a selection's judges put students in order."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import autorecon
from autorecon import data
from autorecon.objective import DivergedError

TOOLS = Path(__file__).parents[2] / "tools"


@pytest.fixture
def tool(monkeypatch):
    monkeypatch.syspath_prepend(TOOLS)
    spec = importlib.util.spec_from_file_location("judging", TOOLS / "judging.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def judging(tool, monkeypatch):
    """Runs the tool for two steps of students, on noise as the real images."""
    pixels = torch.randint(256, (40, 1, 16, 16), generator=torch.Generator().manual_seed(0))
    split = data.Split(pixels.to(torch.uint8), torch.arange(40) % 10)
    names = tuple("abcdefghij")
    dataset = data.Dataset("toy", 16, 1, names, (0.5,), (0.25,), lambda which: split)
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    monkeypatch.setattr(data, "load", lambda name, size: dataset)
    return lambda *given: CliRunner().invoke(tool.main, [*given, "--budget", "0.008"])


def test_ranks_are_correlated_as_by_hand(tool):
    assert tool.ranks([3.0, 1.0, 3.0, 2.0]) == [3.5, 1.0, 3.5, 2.0]
    # 1 - 6 * (1 + 1 + 1 + 1 + 4) / (5 * 24) = 0.6
    assert tool.spearman([10, 20, 30, 40, 50], [2, 1, 5, 6, 3]) == pytest.approx(0.6)
    assert tool.spearman([1, 2, 3], [9, 5, 1]) == pytest.approx(-1)
    assert tool.spearman([1, 1, 1], [1, 2, 3]) == 0


def test_all_drawn_make_different_generators(tool):
    space = autorecon.load("autorecon", classes=3, channels=1, size=8)
    drawn = [tool.draw(space, 5, seed) for seed in (0, 0, 1)]
    texts = [[genotype.text for genotype in found] for found in drawn]
    assert texts[0] == texts[1] != texts[2]
    assert len(set(texts[0])) == 5
    few = autorecon.load("autorecon-gdfq", classes=3, channels=1, size=8)
    assert len(tool.draw(few, 5, 0)) == 1


def test_each_order_is_compared_with_that_of_real_images(tool, judging, monkeypatch):
    real = iter([50.0, 90.0, 70.0])
    monkeypatch.setattr(tool.Bench, "measure", lambda *_: next(real))
    seen = []

    def orders(tried, human):
        seen.extend([*tried, human])
        return {"right": [1.0, 3.0, 2.0], "wrong": [3.0, 1.0, 2.0]}

    monkeypatch.setattr(tool, "orders", orders)
    result = judging("--count", "3")
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-3:] == [
        "all 3: mean 70.00, best 90.00",
        "right: rank correlation +1.00, its best 90.00",
        "wrong: rank correlation -1.00, its best 50.00",
    ]
    assert all(sum(len(batch.images) for batch in one.batches) >= 500 for one in seen)


def test_it_orders_by_what_a_selection_goes_by_and_goes_on_without_what_diverges(
    tool, judging, monkeypatch
):
    run_epoch = tool.select.Compression.run_epoch

    def diverging(self, epoch, tick):
        if self.name == "seed2":
            raise DivergedError("ce", float("nan"))
        return run_epoch(self, epoch, tick)

    monkeypatch.setattr(tool.select.Compression, "run_epoch", diverging)
    result = judging("--count", "4")
    assert result.exit_code == 0, result.output
    assert "left out" in result.output
    assert "\nall 3: " in result.output
    by = [line.split(":")[0] for line in result.output.splitlines()[-4:]]
    assert by[0] == "the others' images, as select judges"


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        (["gdfq-cifar"], "leaves nothing to search"),
        (["nowhere.space"], "nowhere.space"),
        (["--bits", "w9a9"], "9 bits"),
        (["--method", "zeroq"], "zeroq has no generator to select by"),
        (["--count", "2"], "--count"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(tool, judging, monkeypatch, given, wrong):
    monkeypatch.setattr(tool, "_done", lambda *_: pytest.fail("it trained"))
    result = judging(*given)
    assert result.exit_code in (1, 2)
    assert wrong in result.output
