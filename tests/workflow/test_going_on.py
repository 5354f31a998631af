"""Runs that are killed at any point go on to the same, and what is gone of one is made again."""

from __future__ import annotations

import shutil
from pathlib import Path

import attrs
import pytest
import torch

from autorecon.compress import METHODS, Compression
from autorecon.runs import Progress, RunError
from autorecon.workflow import run as workflow
from run_left import QUIET, files, start, without_time


class Killed(BaseException):
    """What no handler may catch."""


@pytest.fixture(scope="module")
def whole(tmp_path_factory, enter):
    """The same run without an interruption, by whether it inherits: its results, rows and files."""
    with pytest.MonkeyPatch.context() as patch:
        tiny = enter(tmp_path_factory.mktemp("whole"), patch)
        return {inherit: outcome(tiny | {"inherit": inherit}) for inherit in (False, True)}


def outcome(settings):
    path = Path(f"whole{settings['inherit']}")
    results = workflow.run(*start(settings, path), QUIET)
    return results, without_time(path), files(path)


@pytest.mark.parametrize(
    ("interrupted", "inherit"), [*((n, False) for n in range(1, 14)), (10, True), (11, True)]
)
def test_interrupted_run_goes_on_to_the_same_result(tiny, whole, monkeypatch, interrupted, inherit):
    """Die at the n-th of the run's 13 steps of Adam, then resume."""
    tiny["inherit"] = inherit
    expected, rows, left_behind = whole[inherit]
    left = [interrupted]
    step = torch.optim.Adam.step

    def dying(self, *args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            raise Killed
        return step(self, *args, **kwargs)

    started = start(tiny, "broken")
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", dying)
        with pytest.raises(Killed):
            workflow.run(*started, QUIET)
    results = workflow.run(*workflow.resume(Path("broken"), "run", trust=True), QUIET)
    assert without_time(Path("broken")) == rows
    assert files(Path("broken")) == left_behind
    untimed = {"seconds": {}, "search": None}
    assert attrs.evolve(results, **untimed) == attrs.evolve(expected, **untimed)


def test_finished_run_is_only_read_back(tiny, monkeypatch):
    folder, prepared = start(tiny)
    results = workflow.run(folder, prepared, QUIET)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *a, **k: pytest.fail("trained again"))
    assert workflow.run(*workflow.resume(folder.path, "run", trust=True), QUIET) == results


@pytest.mark.parametrize(
    ("where", "name", "after"),
    [
        # What seals config.toml, and what forgets the checkpoints of a student that is written.
        ("autorecon.workflow.run.RunFolder", "sealed", 0),
        ("autorecon.workflow.stages", "_forget", 0),
        ("autorecon.workflow.stages", "_forget", 1),
    ],
)
def test_killed_between_two_files_that_belong_together(tiny, monkeypatch, where, name, after):
    """Die where the second is written, then resume."""
    tiny |= {"space": {"file": "plain.space", "baseline": ""}, "seeds": [0, 1]}
    workflow.compress(*start(tiny, "whole", "compress"), QUIET)
    calls = []

    def dying(*arguments):
        calls.append(arguments)
        if len(calls) > after:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(f"{where}.{name}", dying)
        with pytest.raises(Killed):
            workflow.compress(*start(tiny, "broken", "compress"), QUIET)
    workflow.compress(*workflow.resume(Path("broken"), "compress", trust=True), QUIET)
    assert files(Path("broken")) == files(Path("whole"))
    assert not list(Path("broken").glob("checkpoint/**/*.safetensors"))


def test_what_a_genotype_was_chosen_by_is_made_again(tiny):
    folder, prepared = start(tiny, command="search")
    workflow.search(folder, prepared, QUIET)
    before = folder.derivation_path.read_bytes()
    folder.derivation_path.unlink()
    workflow.search(*workflow.resume(folder.path, "search", trust=True), QUIET)
    assert folder.derivation_path.read_bytes() == before


def test_resuming_with_another_command(tiny):
    start(tiny)
    with pytest.raises(RunError, match="resume it with that"):
        workflow.resume(Path("run"), "search", trust=True)


BY_METHOD = {
    "calibration": {"warmup_steps": 2, "calibration_batches": 1},
    "adadfq": {"warmup_steps": 1, "steps": 2, "calibration_batches": 1},
    "noise": {"epochs": 1},
    "dfq": {"epochs": 1},
    "zeroq": {"image_steps": 4},
    "kegnet": {"warmup_steps": 2, "steps": 2},
    "deepinversion": {"image_batches": 2, "image_steps": 1, "steps": 2, "rounds": 2},
    "fast": {"image_batches": 2, "image_steps": 2, "steps": 2, "rounds": 2},
}


@pytest.mark.parametrize("method", BY_METHOD)
def test_a_killed_run_of_any_kind_of_method_goes_on_to_the_same_files(tiny, monkeypatch, method):
    """Die in the last epoch, wherever that makes an image or a step, then resume."""
    own = {"method": method, "epochs": 2} | BY_METHOD[method]
    if METHODS[method].source != "none":
        own["batch"] = 4
    takes = METHODS[method].source == "generator"
    space = {"file": "plain.space" if takes else "", "baseline": ""}
    settings = tiny | {"compress": own, "space": space}
    expected = workflow.compress(*start(settings, "whole", "compress"), QUIET)
    label = "generator" if takes else method
    assert [(r.generator, r.seed) for r in expected.rows] == [(label, 0)]
    assert expected.method == method
    started = start(settings, "broken", "compress")
    with monkeypatch.context() as patch:
        epoch = Compression.run_epoch

        def dying(self, number, tick):
            row = epoch(self, number, tick)
            if number + 1 == self.epochs:
                raise Killed
            return row

        patch.setattr(Compression, "run_epoch", dying)
        with pytest.raises(Killed):
            workflow.compress(*started, QUIET)
    results = workflow.compress(*workflow.resume(Path("broken"), "compress", trust=True), QUIET)
    assert without_time(Path("broken")) == without_time(Path("whole"))
    assert files(Path("broken")) == files(Path("whole"))
    assert attrs.evolve(results, seconds={}) == attrs.evolve(expected, seconds={})
    grids = [p.stem for p in Path("whole/images").glob("*.png")]
    assert grids == ([] if METHODS[method].source in ("noise", "none") else [label])


def test_what_is_damaged_or_gone_is_made_again_and_said(tiny, capsys):
    folder, prepared = start(tiny)
    workflow.run(folder, prepared, QUIET)
    before, rows = files(folder.path), without_time(folder.path)
    student = folder.compressed_path / "discovered-seed0.safetensors"
    whole = bytearray(student.read_bytes())
    whole[-3] ^= 1
    student.write_bytes(whole)
    folder.generator_path.unlink()
    folder.genotype_path.write_text(folder.genotype_path.read_text()[:40])
    (folder.compressed_path / "human-designed-seed0.json").write_text('{"a": [')
    (folder.path / "invented.safetensors").write_bytes(b"12")
    (folder.path / "images" / "human-designed.png").unlink()
    picture = folder.path / "images" / "discovered.png"
    picture.write_bytes(picture.read_bytes()[:-30])
    resumed = workflow.resume(folder.path, "run", trust=True)
    workflow.run(*resumed, Progress())
    assert files(folder.path) == before
    assert sorted(map(str, without_time(folder.path))) == sorted(map(str, rows))
    said = capsys.readouterr().err
    assert "discovered-seed0.safetensors is damaged: it is not what was written" in said
    assert "discovered-seed0 is compressed again" in said
    assert "human-designed-seed0.json is not JSON" in said
    assert "it is derived again" in said
    assert "the images are made again" in said
    folder.metrics_path.write_text("".join(folder.metrics_path.read_text().splitlines(True)[1:]))
    workflow.run(*workflow.resume(folder.path, "run", trust=True), Progress())
    told = f"warning: {folder.metrics_path} lacks 1 of 2 rows of search\n"
    assert told in capsys.readouterr().err
    folder.space_path.write_text(folder.space_path.read_text() + "# other\n")
    with pytest.raises(RunError, match=r"space\.space is not what the run began with"):
        workflow.resume(folder.path, "run", trust=True)


def test_a_run_whose_checkpoints_are_gone_has_each_row_once(tiny):
    folder, prepared = start(tiny)
    workflow.run(folder, prepared, QUIET)
    before, rows = files(folder.path), without_time(folder.path)
    shutil.rmtree(folder.checkpoint_path)
    folder.genotype_path.unlink()
    for file in folder.compressed_path.iterdir():
        file.unlink()
    workflow.run(*workflow.resume(folder.path, "run", trust=True), QUIET)
    assert files(folder.path) == before
    assert sorted(map(str, without_time(folder.path))) == sorted(map(str, rows))
