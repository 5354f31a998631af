"""`autorecon export` of files; tests/cli/test_jobs.py has that of runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from autorecon import generator, load, supernet
from autorecon.cli import cli
from autorecon.runs import load_weights, save_weights

SMALL = ["--set", "size=8", "--set", "latent=3"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def export(*arguments, code=0):
    result = CliRunner().invoke(cli, ["export", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result


def fails(message, *arguments, code=2):
    assert message in export(*arguments, code=code).stderr
    assert not Path("x.py").exists()


def test_a_human_designed_generator_with_weights_of_a_seed():
    result = export("dafl", *SMALL, "-o", "x.py")
    assert result.stdout == "x.py, x.safetensors: dafl with weights of seed 0\n"
    assert "differ by at most" in result.stderr
    expected = generator(load("dafl", size=8, latent=3), seed=0).state_dict()
    assert all(expected[n].equal(tensor) for n, tensor in load_weights("x.safetensors").items())
    assert "add --force" in export("dafl", *SMALL, "-o", "x.py", "--seed", 1, code=2).stderr
    export("dafl", *SMALL, "-o", "x.py", "--seed", 1, "--force")
    changed = load_weights("x.safetensors")["z->seed.linear.weight"]
    assert not changed.equal(expected["z->seed.linear.weight"])


def test_as_an_archive_and_as_json():
    facts = json.loads(export("dafl", *SMALL, "-o", "x.pt2", "--batch", 2, "--json").stdout)
    assert facts["files"] == ["x.pt2"]
    assert facts["difference"] < 1e-4
    images = torch.export.load("x.pt2").module()(torch.zeros(2, 3), torch.zeros(2).long())
    assert images.shape == (2, 3, 8, 8)


def test_weights_of_a_super_net_are_taken_by_name():
    space = load("paper", size=8, width=2, latent=3)
    net = supernet(space, seed=4)
    save_weights("super.safetensors", net)
    Path("paper.space").write_text(space.text)
    Path("g.space").write_text(net.genotype().text)
    export("g.space", "-o", "x.py", "--weights", "super.safetensors")
    given = net.state_dict()
    assert all(given[n].equal(tensor) for n, tensor in load_weights("x.safetensors").items())


def test_mistakes_are_one_line():
    fails("every choice made", "paper", "-o", "x.py", code=1)
    fails("Missing option '-o'", "dafl")
    fails("name a file that ends in .onnx, .pt2, .py", "dafl", *SMALL, "-o", "x.h5")
    fails("exclude each other", "dafl", "-o", "x.py", "--weights", "w", "--seed", 1)
    fails("neither `dynamic` nor a number", "dafl", "-o", "x.py", "--batch", "some")
    fails("leave the batch out", "dafl", *SMALL, "-o", "x.py", "--batch", 2)
    fails("cannot read w.safetensors", "dafl", *SMALL, "-o", "x.py", "--weights", "w.safetensors")
    fails("is not a run", ".", "-o", "x.py")
    fails("a run has its parameters", ".", *SMALL, "-o", "x.py")
    save_weights("w.safetensors", {"seed.bn.weight": torch.zeros(2)})
    fails("these are not weights", "dafl", *SMALL, "-o", "x.py", "--weights", "w.safetensors")
