"""docs/networks.md is true: all of torchvision is there, with the figures that were measured."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest
from torchvision import models

import networks
from autorecon.compress import CompressError
from autorecon.compress.quantization.capture import capture

PAGE = (Path(__file__).parents[2] / "docs" / "networks.md").read_text("utf-8")
FOUND = networks.records()


def test_the_page_is_made_of_what_was_measured() -> None:
    assert networks.page(PAGE, FOUND) == PAGE


def test_every_classifier_of_torchvision_is_there_once() -> None:
    listed = re.findall(r"^\| `torchvision:(\w+)` \|", PAGE, flags=re.M)
    assert sorted(listed) == sorted(models.list_models(module=models))


def test_what_was_not_measured_is_like_something_that_was() -> None:
    absent = [name for name in networks.names() if name not in FOUND]
    assert len(absent) < 40
    families = {networks.family(name) for name in FOUND}
    assert {networks.family(name) for name in absent} <= families


@pytest.mark.parametrize("record", FOUND.values(), ids=FOUND)
def test_figures_make_sense(record: networks.Record) -> None:
    assert record.network in networks.names()
    if record.error is None:
        assert record.reason
        return
    assert not record.reason
    assert 0 < record.both <= record.macs <= 1
    assert 0 < record.weights <= 1
    assert 0 < record.error < 0.2


REFUSED = [record.network for record in FOUND.values() if record.reason]


@pytest.mark.parametrize("name", REFUSED)
def test_a_reason_is_the_one_line_that_capture_gives(name: str) -> None:
    if name.startswith("timm:"):
        pytest.importorskip("timm")
    net, side = networks.build(name)
    with pytest.raises(CompressError) as caught:
        capture(net.eval(), (3, side, side))
    assert networks.without_folders(str(caught.value)) == FOUND[name].reason
    assert "\n" not in FOUND[name].reason


def test_a_figure_is_found_again() -> None:
    known = FOUND["torchvision:resnet18"]
    found = networks.measure("torchvision:resnet18")
    assert attrs.evolve(found, error=0.0) == attrs.evolve(known, error=0.0)
    assert found.error == pytest.approx(known.error, rel=0.2)
