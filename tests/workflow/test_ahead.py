"""Parts of a run done side by side in processes: the same run, and its own errors."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

from autorecon.runs import Checkpoints, Pool, Progress, drive
from autorecon.workflow import ahead, stages
from autorecon.workflow import run as workflow
from autorecon.workflow.ahead import Ahead, Part
from autorecon.workflow.config import read_config

QUIET = Progress(quiet=True)


@pytest.fixture
def settings(tiny):
    """Of a run with two trials and two compressions, on the one thread that processes have."""
    select = {"candidates": 2, "budget": 0.5, "images": 6}
    before = torch.get_num_threads()
    yield tiny | {"command": "run", "select": select, "threads": 1}
    torch.set_num_threads(before)


def start(settings, path):
    return workflow.start(Path(path), read_config(settings), QUIET)


def rows(folder):
    lines = map(json.loads, folder.metrics_path.read_text().splitlines())
    return [{**row, "seconds": 0, "crc32": ""} for row in lines]


def seen(folder):
    """All that a run leaves but times."""
    results = json.loads(folder.results_path.read_text()) | {"seconds": 0, "crc32": ""}
    results["search"]["seconds"] = 0
    files = {
        str(path.relative_to(folder.path)): path.read_bytes()
        for path in sorted(folder.path.rglob("*"))
        if path.suffix in (".space", ".safetensors", ".png") and "checkpoint" not in path.parts
    }
    return results, files, json.loads(folder.derivation_path.read_text()), rows(folder)


def test_it_is_the_same_run(settings, monkeypatch):
    # One process will do both compressions: each takes seconds to begin.
    monkeypatch.setattr(ahead, "Pool", lambda do, jobs: Pool(do, 1))
    del settings["select"]
    alone, prepared = start(settings, "alone")
    workflow.run(alone, prepared, QUIET)
    beside, prepared = start(settings, "beside")
    workflow.run(beside, prepared, QUIET, workflow.side_by_side(beside, 2))
    assert seen(beside) == seen(alone)
    assert not list(beside.checkpoint_path.rglob("metrics.jsonl"))


def in_this_process(monkeypatch):
    """Parts done one after the other, without processes; gives the names of what was."""
    did = []

    def all_here(pool, what, parts, progress):
        for part in parts:
            did.append(part.name)
            pool.do(part, progress)
        return []

    monkeypatch.setattr(ahead, "_all", all_here)
    return did


def test_only_what_is_left_is_done_ahead(settings, monkeypatch):
    did = in_this_process(monkeypatch)
    folder, prepared = start(settings, "run")
    workflow.run(folder, prepared, QUIET, workflow.side_by_side(folder, 2))
    assert did == [
        *(f"select/candidate{number}/seed1000001" for number in (1, 2)),
        *(f"{label}, seed 0" for label in ("human-designed", "discovered")),
    ]
    did.clear()
    workflow.run(
        *workflow.resume(folder.path, "run", trust=True), QUIET, workflow.side_by_side(folder, 2)
    )
    assert did == []


class Killed(BaseException):
    pass


def test_what_was_begun_ahead_goes_on_either_way(settings, monkeypatch):
    whole, prepared = start(settings, "whole")
    workflow.run(whole, prepared, QUIET)
    in_this_process(monkeypatch)
    folder, prepared = start(settings, "broken")
    left, save = [3], Checkpoints.save

    def dying(self, checkpoint):
        left[0] -= checkpoint.stage.startswith("compress")
        if not left[0]:
            raise Killed
        save(self, checkpoint)

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "save", dying)
        driving = sys.modules["autorecon.runs.drive"]
        patch.setattr(driving, "EVERY", 0.0)
        patch.setattr(driving, "_SHARE", float("inf"))
        with pytest.raises(Killed) as caught:
            workflow.run(folder, prepared, QUIET, workflow.side_by_side(folder, 2))
    assert [note for note in caught.value.__notes__ if "continue with --resume broken" in note]
    assert list(folder.checkpoint_path.glob("compress/**/metrics.jsonl"))
    shutil.copytree(folder.path, "copied")
    for path, jobs in ((folder.path, 2), (Path("copied"), 1)):
        again, prepared = workflow.resume(path, "run", trust=True)
        workflow.run(again, prepared, QUIET, workflow.side_by_side(again, jobs))
        assert seen(again) == seen(whole)


def test_what_fails_ahead_is_told_by_the_run(settings, monkeypatch):
    in_this_process(monkeypatch)
    settings["compress"] = settings["compress"] | {"student_lr": 1e30, "generator_lr": 1e30}
    folder, prepared = start(settings, "run")
    with pytest.raises(ArithmeticError, match="no trial of the selection came to an end"):
        workflow.run(folder, prepared, QUIET, workflow.side_by_side(folder, 2))


@pytest.mark.parametrize(
    ("ticks", "threads", "room", "device", "jobs", "shared"),
    [
        ([200, 200, 200], 2, 9, "cpu", None, (2, 1)),
        ([200, 200, 200], 8, 9, "cpu", None, (3, 2)),
        ([200, 200, 200], 8, 2, "cpu", None, (2, 2)),
        ([200, 200, 200], 8, 2, "cpu", 2, (2, 4)),
        ([200, 200, 200], 1, 9, "cpu", None, (1, 1)),
        ([200, 200, 200], 8, 9, "cuda", None, (1, 2)),
        ([200, 8], 8, 9, "cpu", None, (1, 4)),
        ([200, 8], 1, 0, "cuda", 2, (2, 1)),
        ([], 8, 9, "cpu", None, (1, 8)),
    ],
)
def test_how_the_machine_is_shared(
    settings, monkeypatch, ticks, threads, room, device, jobs, shared
):
    folder, _ = start(settings, "run")
    folder.config["device"] = device
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    monkeypatch.setattr(ahead, "_room", lambda: room)
    parts = [
        Part(str(number), count, lambda *_: None, done=number == 0)
        for number, count in enumerate(ticks)
    ]
    assert Ahead(None, jobs)._shared(folder, parts) == shared


def test_a_process_that_is_gone_is_told(settings):
    class Pool:
        jobs, running, free = 2, False, True

        def give(self, part):
            self.running = True

        def events(self, timeout):
            self.running = False
            return [(part, "its process ended with exit code 3")]

    part = Part("compress/a/seed0", 8, lambda *_: None)
    (line,) = ahead._all(Pool(), "trials", [part], QUIET)
    assert line == "compress/a/seed0: its process ended with exit code 3; it goes on in this one"


def test_rows_of_a_stage_that_ran_apart_are_taken_over_once(settings, monkeypatch):
    settings["command"], settings["space"]["file"] = "compress", "plain.space"
    settings["space"]["set"] = {}
    del settings["select"]
    folder, prepared = start(settings, "run")
    stage = stages.compression(folder, prepared, "generator", prepared.space, 0)
    drive(stage, folder, QUIET, apart=True)
    assert not folder.metrics_path.exists()
    own = Checkpoints(folder.checkpoint_path, stage.name).rows_path
    kept = own.read_bytes()
    for _ in range(2):
        own.write_bytes(kept)  # as if a kill had come before it was removed
        drive(stages.compression(folder, prepared, "generator", prepared.space, 0), folder, QUIET)
        assert folder.metrics_path.read_bytes() == kept
        assert not own.exists()
