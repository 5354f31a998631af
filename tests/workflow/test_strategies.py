"""A search as a stage of a run: killed and resumed, derived in several ways, with its front."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import autorecon
from autorecon.records.front import read_front
from autorecon.runs import Progress, RunFolder, read_lines
from autorecon.search import STRATEGIES, SearchError
from autorecon.search.judge import Judge
from autorecon.workflow import run as workflow
from autorecon.workflow import stages
from autorecon.workflow.config import read_config

QUIET = Progress(quiet=True)

SMALL = """space small(classes = 3, size = 8)
let half = size / 2
input z [4]: noise
input y: label(classes)
node a, b [2, half, half] then bn
output image [1, size, size]
link z -> {a, b} = linear
link y -> a = embed
link a -> image = nearest >> conv(1) | bilinear >> conv(3) | nearest >> conv(5) | none
link b -> image = conv(3) >> nearest | none | conv(1) >> nearest
"""


class Killed(BaseException):
    """What no handler may catch."""


@pytest.fixture
def settings(tiny, tmp_path):
    (tmp_path / "small.space").write_text(SMALL)
    search = tiny["search"] | {"epochs": 3, "architecture_steps": 2}
    return tiny | {"space": {"file": "small.space", "baseline": ""}, "search": search}


def start(settings, path, **search):
    changed = settings | {"search": settings["search"] | search, "command": "search"}
    return workflow.start(Path(path), read_config(changed), QUIET)


def left_by(path):
    """Everything that a search leaves but its times."""
    rows = read_lines(path / "metrics.jsonl")
    timeless = [{k: v for k, v in row.items() if k != "seconds"} for row in rows]
    files = [p for p in path.rglob("*") if p.suffix in (".space", ".json")]
    return timeless, {str(p.relative_to(path)): p.read_text() for p in files}


@pytest.mark.parametrize("strategy", [*STRATEGIES, "perturbation", "sample"])
def test_killed_at_any_loss_a_search_goes_on_to_the_same(settings, monkeypatch, strategy):
    derive = {} if strategy in STRATEGIES else {"derive": strategy, "strategy": "darts"}
    search = {"strategy": strategy} | derive
    asked = []
    loss = Judge._loss

    def counting(self, *args):
        asked.append(1)
        return loss(self, *args)

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "_loss", counting)
        workflow.search(*start(settings, "whole", **search), QUIET)
    for kill in (len(asked) // 2, len(asked)):
        _interrupt(settings, f"broken{kill}", kill, search, monkeypatch)
        assert left_by(Path(f"broken{kill}")) == left_by(Path("whole"))


def _interrupt(settings, path, kill, search, monkeypatch):
    left = [kill]
    loss = Judge._loss

    def dying(self, *args):
        left[0] -= 1
        if not left[0]:
            raise Killed
        return loss(self, *args)

    started = start(settings, path, **search)
    with monkeypatch.context() as patch:
        patch.setattr(Judge, "_loss", dying)
        with pytest.raises(Killed):
            workflow.search(*started, QUIET)
    workflow.search(*workflow.resume(Path(path), "search", trust=True), QUIET)


def test_the_front_is_written_with_a_genotype_each(settings):
    folder, prepared = start(settings, "run", strategy="pareto", architecture_steps=12)
    found = workflow.search(folder, prepared, QUIET)
    front = read_front(folder.front_table_path)
    assert [row.macs for row in front] == sorted(row.macs for row in front)
    for row in front:
        genotype = autorecon.load(folder.path / row.file)
        assert genotype.cost.macs.max == row.macs
        assert prepared.space.architecture_id(genotype) == row.id
        assert (genotype.program.chosen == found.program.chosen) == row.chosen
    assert sum(row.chosen for row in front) == 1


def test_one_architecture_has_no_front(settings):
    folder, prepared = start(settings, "run")
    workflow.search(folder, prepared, QUIET)
    assert read_front(folder.front_table_path) == []


def test_deriving_again_in_another_way(settings):
    folder, prepared = start(settings, "run", strategy="darts")
    workflow.search(folder, prepared, QUIET)
    before = left_by(folder.path)
    again = prepared.deriving("perturbation")
    found, epochs = stages.derive(RunFolder.open(folder.path), again, QUIET)
    assert epochs == 3
    assert found.is_genotype
    assert left_by(folder.path) == before
    recorded = json.loads((folder.path / "derivation.json").read_text())
    assert recorded["by"] == "argmax"
    assert recorded["scores"]["a->image"] == before[0][-1]["probabilities"]["a->image"]


def test_what_a_strategy_lacks_is_told_before_anything_is_made(settings):
    with pytest.raises(SearchError, match="'error' has none"):
        start(settings, "run", objective="ce + error")
    with pytest.raises(SearchError, match="leave out 'macs'"):
        start(settings, "run", strategy="pareto", objective="ce + 0.1*macs")
    assert not Path("run").exists()
