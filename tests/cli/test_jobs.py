"""run, search, derive, compress and report as a user types them, at tiny size."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from torch import nn

from autorecon import generator, load
from autorecon.cli import cli
from autorecon.runs import RunFolder, load_weights, save_weights
from small_spaces import PAPER

TEACHER = """
import torch
from torch import nn

def good():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )

def without_bn():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
"""
SMALL = [
    *("--with", "select.candidates=1"),
    *("--with", "search.epochs=2", "--with", "search.warmup_epochs=1"),
    *("--with", "search.weight_steps=1", "--with", "search.architecture_steps=1"),
    *("--with", "compress.method=gdfq"),
    *("--with", "compress.warmup_steps=1", "--with", "compress.steps=2"),
    *("--with", "compress.epochs=2", "--with", "compress.calibration_batches=1"),
    *("--with", "search.batch=4", "--with", "compress.batch=4"),
]
MINE = ["--teacher", "my_teachers:good", "--size", "8", "--data", ""]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "my_teachers.py").write_text(TEACHER)
    (tmp_path / "paper.space").write_text(PAPER)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "my_teachers", raising=False)
    return tmp_path


def autorecon(*arguments):
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def fails(message, *arguments, code=2):
    result = autorecon(*arguments)
    assert result.exit_code == code, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert not Path("runs").exists()


def test_run_then_report_then_resume():
    result = autorecon("run", "paper.space", "--set", "width=2", *MINE, *SMALL, "--json")
    assert result.exit_code == 0, result.output
    (run,) = Path("runs").iterdir()
    assert run.name == "run-good-w3a3-001"
    assert json.loads(result.stdout)["summary"][1]["generator"] == "discovered"
    page = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert autorecon("report", run).stdout.strip() == str(run / "report.html")
    assert (run / "report.html").read_bytes() == page
    assert autorecon("run", "--resume", run, "--trust").exit_code == 0
    result = autorecon("export", run, "-o", "found.py", "--json")
    assert json.loads(result.stdout)["weights"] == f"the weights of {run}"
    exported, trained = (
        load_weights("found.safetensors"),
        load_weights(run / "generator.safetensors"),
    )
    assert all(exported[name].equal(trained[name]) for name in trained)


def test_search_derive_compress():
    result = autorecon("search", "paper.space", "--set", "width=2", *MINE, *SMALL, "-o", "s", "-q")
    assert result.stdout == Path("s/genotype.space").read_text()
    assert autorecon("derive", "s", "--trust", "-o", "g.space", "--weights").exit_code == 0
    net = generator(load("g.space"), weights_from=load_weights("g.safetensors"))
    assert net.state_dict()["code->a.linear.weight"].abs().sum() > 0
    assert "add --out" in autorecon("derive", "s", "--weights").stderr
    assert autorecon("compile", "g.space").exit_code == 0
    result = autorecon("compress", "g.space", *MINE, *SMALL, "-o", "c", "--bits", "w4a2")
    assert result.exit_code == 0, result.output
    assert json.loads(Path("c/results.json").read_text())["bits"] == "w4a2"
    inherited = load_weights("g.safetensors")["code->a.linear.weight"]
    for run, same in (("s", True), ("c", False)):
        assert autorecon("export", run, "-o", f"{run}.py", "--trust").exit_code == 0
        exported = load_weights(f"{run}.safetensors")["code->a.linear.weight"]
        assert exported.equal(inherited) == same


def test_compress_starts_with_the_weights_that_it_is_given():
    assert (
        autorecon(
            "search", "paper.space", "--set", "width=2", *MINE, *SMALL, "-o", "s", "-q"
        ).exit_code
        == 0
    )
    assert autorecon("derive", "s", "--trust", "-o", "g.space", "--weights").exit_code == 0
    given = load_weights("g.safetensors")
    arguments = ["compress", "g.space", *MINE, *SMALL, "--with", "compress.generator_lr=1e-30"]
    result = autorecon(*arguments, "-o", "c", "--generator-weights", "g.safetensors")
    assert result.exit_code == 0, result.output
    trained = load_weights("c/generator.safetensors")
    weights = [name for name in given if name.endswith("weight")]
    assert weights
    assert all(trained[name].allclose(given[name], atol=1e-6) for name in weights)
    Path("g.safetensors").unlink()
    assert autorecon("compress", "--resume", "c", "--trust").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("compress", "gdfq-cifar"), "not weights of this generator: 0 of"),
        (("compress", "--method", "zeroq"), "generator weights are for"),
        (("run",), "No such option"),
        (("run", "--with", "space.weights=w.safetensors"), "generator weights are for"),
    ],
)
def test_weights_of_no_use_are_refused_before_a_folder_is_made(arguments, message):
    save_weights("w.safetensors", nn.Linear(1, 1))
    given = () if "--with" in arguments else ("--generator-weights", "w.safetensors")
    result = autorecon(*arguments, *given, *MINE, "-o", "x")
    assert result.exit_code == 2
    assert message in result.stderr
    assert not Path("x").exists()


def test_folder_that_holds_a_run_is_left_alone():
    arguments = ["search", "paper.space", "--set", "width=2", *MINE, *SMALL, "-o", "s", "-q"]
    assert autorecon(*arguments).exit_code == 0
    before = {p: p.read_bytes() for p in Path("s").rglob("*") if p.is_file()}
    fails("--resume", *arguments)
    assert {p: p.read_bytes() for p in Path("s").rglob("*") if p.is_file()} == before


def test_mistakes_are_told_before_anything_is_made():
    fails("no teacher is called", "run", "--teacher", "resnet21", *SMALL)
    fails("BatchNorm", "run", "--teacher", "my_teachers:without_bn", "--size", 8, "--data", "")
    fails("w9a3", "run", *MINE, "--bits", "w9a3")
    fails("did you mean `paper`", "search", *MINE, "--recipe", "papr")
    fails("no `epoch`", "run", *MINE, "--with", "search.epoch=3")
    fails("there is no file", "run", "nowhere.space", *MINE, code=1)
    fails("16x16 for a teacher of 8x8", "run", "--set", "size=16", *MINE)
    fails("is not a run", "report", ".")
    fails("gdfq needs a generator: name", "compress")
    fails("did you mean `compile`", "compil")


# What a job takes with --resume; whatever else it has is of a job that begins.
WITH_RESUME = {"resume", "trust", "jobs", "quiet", "tensorboard", "as_json"}
VALUES = {"--config": "x.toml", "--with": "threads=1", "--set": "width=3", "--ops": "os"}


@pytest.mark.parametrize("name", ["run", "search", "compress"])
def test_what_a_run_was_begun_with_is_refused_with_resume(name):
    """Every option and argument that the command has, now and later."""
    RunFolder.create("r", {"command": name, "threads": 3, "teacher": {"name": "good"}})
    command = cli.get_command(None, name)
    refused = [param for param in command.params if param.name not in WITH_RESUME]
    assert len(refused) > 10
    for param in refused:
        spelt = param.opts[-1] if param.opts[-1].startswith("--") else ""
        value = [] if getattr(param, "is_flag", False) else [VALUES.get(spelt, "1")]
        result = autorecon(name, "--resume", "r", *filter(None, [spelt]), *value)
        assert result.exit_code == 2, spelt
        assert "settings of r/config.toml: leave out" in result.stderr
        assert (spelt or param.name.upper()) in result.stderr
    result = autorecon(name, "--resume", "r", "--threads", "1", "--teacher", "x", "--with", "a=1")
    told = '--teacher (there teacher.name = "good"), --with, --threads (there threads = 3)'
    assert told in " ".join(result.stderr.split())
    assert "there no teacher.weights" in autorecon(name, "--resume", "r", "--weights", "x").stderr


def test_missing_data_says_what_to_do(monkeypatch, tmp_path):
    from autorecon.data import folders

    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))
    monkeypatch.setattr(folders, "SYSTEM", tmp_path / "none")
    fails("autorecon data fetch fashion-mnist", "run")


def test_loss_that_is_not_a_number_stops_with_step_term_and_checkpoint(monkeypatch):
    import torch

    from autorecon.nn import SuperNet

    calls = []
    forward = SuperNet.forward

    def broken(self, z, y, mixture=None):
        calls.append(1)
        images = forward(self, z, y, mixture)
        # Two calls before the first step are the memory estimate's.
        return images * torch.nan if len(calls) == 4 else images

    monkeypatch.setattr(SuperNet, "forward", broken)
    result = autorecon("search", "paper.space", "--set", "width=2", *MINE, *SMALL, "-o", "s", "-q")
    assert result.exit_code == 1
    assert "'ce' became nan at step 2" in result.stderr
    assert "s/checkpoint/search/epoch-00000.safetensors" in result.stderr


def test_shipped_teachers_are_listed():
    lines = autorecon("teachers").stdout.splitlines()
    assert any(line.startswith("resnet20-fashion16") for line in lines)
    assert json.loads(autorecon("teachers", "--json").stdout)["resnet20-fashion16"]["size"] == 16


def test_tensorboard_is_refused_before_any_work_where_it_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard", None)
    monkeypatch.delitem(sys.modules, "torch.utils.tensorboard", raising=False)
    fails("needs tensorboard, which is not installed: pip install", "run", "--tensorboard")
    Path("old/tensorboard").mkdir(parents=True)
    fails(f"or remove {Path('old/tensorboard')}", "run", "--resume", "old")


def test_tensorboard_has_what_a_search_found():
    pytest.importorskip("tensorboard")
    options = [*MINE, *SMALL, "--set", "width=4", "--set", "latent=4", "-q", "--tensorboard"]
    assert autorecon("search", "paper.space", *options, "-o", "s").exit_code == 0
    assert list(Path("s/tensorboard/search").iterdir())
    assert any(b"genotype" in path.read_bytes() for path in Path("s/tensorboard").glob("events*"))
