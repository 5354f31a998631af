"""What a run computes in: given, or chosen once by a trial that the folder keeps."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path

import pytest
import torch

from autorecon.compress import METHODS
from autorecon.runs import Progress, read_lines
from autorecon.workflow import precision
from autorecon.workflow import run as workflow
from autorecon.workflow.config import PRECISIONS, ConfigError, read_config, write_config

QUIET = Progress(quiet=True)
AUTO = {"search": "auto", "compress": "auto"}


def start(settings, path="run", command="run", progress=QUIET):
    return workflow.start(Path(path), read_config(settings | {"command": command}), progress)


def metrics(path):
    rows = read_lines(Path(path) / "metrics.jsonl")
    return [{k: v for k, v in row.items() if k != "seconds"} for row in rows]


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(precision, "ROUNDS", 1)


@pytest.fixture
def slow_but(monkeypatch):
    """Of the steps of a trial those in one precision take a second, all others two."""

    def make(quick):
        def timed(work, epoch, device):
            work.run_epoch(epoch, lambda: None)
            compute = work.judge._compute if work.name == "search" else work.view.compute
            return 1.0 if compute == precision._compute(quick, device) else 2.0

        monkeypatch.setattr(precision, "_timed", timed)

    return make


@pytest.mark.parametrize("name", ["fp32", "bf16-channels-last"])
def test_a_trial_chooses_what_is_fastest_and_the_folder_keeps_it(tiny, slow_but, name):
    slow_but(name)
    progress = Progress(stream=io.StringIO())
    folder, prepared = start(tiny | {"precision": AUTO}, progress=progress)
    kept = tomllib.loads(folder.config_path.read_text())["precision"]
    assert (kept["search"], kept["compress"]) == (name, name)
    for stage in ("search", "compress"):
        assert kept["trial"][stage] == {n: 1.0 if n == name else 2.0 for n in PRECISIONS}
        assert f"{stage} in {name}: a step takes fp32" in progress.stream.getvalue()
    assert (
        prepared.config.precision
        == workflow.resume(folder.path, "run", trust=True)[1].config.precision
    )


def test_a_chosen_precision_is_that_precision_and_resumes_to_it(tiny, slow_but, monkeypatch):
    given = {"search": "bf16", "compress": "bf16-channels-last"}
    workflow.run(*start(tiny | {"precision": given}, "given"), QUIET)
    slow_but("bf16")
    chosen = start(tiny | {"precision": given | {"search": "auto"}}, "chosen")
    monkeypatch.setattr(precision, "_measure", lambda *a: pytest.fail("tried again"))
    step, left = torch.optim.Adam.step, [3]

    def dying(self, *args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return step(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", dying)
        with pytest.raises(KeyboardInterrupt):
            workflow.run(*chosen, QUIET)
    workflow.run(*workflow.resume(Path("chosen"), "run", trust=True), QUIET)
    assert metrics("chosen") == metrics("given")
    for name in ("genotype.space", "generator.safetensors"):
        assert Path("chosen", name).read_bytes() == Path("given", name).read_bytes()


def test_a_folder_repeats_its_run_from_its_settings_alone(tiny, slow_but):
    slow_but("bf16")
    first, prepared = start(tiny | {"precision": AUTO}, "first", "search")
    workflow.search(first, prepared, QUIET)
    values = write_config(read_config(tomllib.loads(first.config_path.read_text())))
    second, again = start(values, "second", "search")
    assert again.config.precision.search == "bf16"
    assert again.config.precision.trial == {}
    workflow.search(second, again, QUIET)
    assert metrics("first") == metrics("second")


def test_what_a_job_has_not_is_not_tried(tiny):
    _, prepared = start(tiny | {"precision": AUTO}, command="search")
    assert prepared.config.precision.compress == "fp32"
    assert list(prepared.config.precision.trial) == ["search"]
    assert set(prepared.config.precision.trial["search"]) == set(PRECISIONS)
    assert all(s > 0 for s in prepared.config.precision.trial["search"].values())


@pytest.mark.parametrize("method", METHODS)
def test_every_method_can_be_tried(tiny, method):
    source = METHODS[method].source
    file = "plain.space" if source == "generator" else ""
    settings = tiny | {
        "space": {"file": file, "baseline": ""},
        "compress": {"method": method},
        "precision": {"compress": "auto"},
    }
    if "batch" in METHODS[method].settings:
        settings["compress"]["batch"] = 4
    _, prepared = start(settings, command="compress")
    assert bool(prepared.config.precision.trial) == METHODS[method].makes_images


def test_a_difference_that_may_be_chance_changes_nothing():
    assert precision.fastest({"fp32": 1.0, "bf16": 0.96}) == "fp32"
    assert precision.fastest({"fp32": 1.0, "bf16": 0.9, "bf16-channels-last": 0.88}) == "bf16"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"precision": {"search": "fp16"}}, "no precision 'fp16': did you mean `(fp32|bf16)`"),
        ({"device": "gpu"}, "device = 'gpu' must be cpu, cuda"),
    ],
)
def test_settings_that_make_no_sense(values, message):
    with pytest.raises(ConfigError, match=message):
        read_config(values)


def test_a_device_that_is_not_there(tiny):
    with pytest.raises(ConfigError, match="device cuda:99 cannot be used here"):
        start(tiny | {"device": "cuda:99"})
    assert not Path("run").exists()
