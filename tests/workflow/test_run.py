"""The whole way at tiny size."""

from __future__ import annotations

import json
import math
import shutil
from importlib import import_module
from pathlib import Path

import attrs
import pytest
import torch

import autorecon
from autorecon.compress import Compression
from autorecon.objective import DivergedError
from autorecon.records.results import Spread, read_results
from autorecon.records.score import Score
from autorecon.report import write_report
from autorecon.runs import RunError, load_state, load_weights
from autorecon.teachers import TeacherError
from autorecon.workflow import run as workflow
from autorecon.workflow import stages
from autorecon.workflow.config import ConfigError
from autorecon.workflow.results import spread
from autorecon.workflow.spaces import write_genotype
from run_left import QUIET, start


def test_whole_way(tiny):
    folder, prepared = start(tiny)
    results = workflow.run(folder, prepared, QUIET)
    assert [g.label for g in results.generators] == ["human-designed", "discovered"]
    assert results == read_results(folder.results_path)
    found = autorecon.load(folder.genotype_path)
    assert found.is_genotype
    assert (found.parameters["classes"], found.parameters["size"]) == (3, 8)
    net = autorecon.generator(found)
    net.load_state_dict(load_weights(folder.generator_path))
    assert (folder.path / "images" / "discovered.png").read_bytes().startswith(b"\x89PNG")
    model = autorecon.load_compressed(folder.path, build=import_module("tiny_teacher").teacher)
    assert (model.about.teacher, model.bits) == ("tiny_teacher:teacher", "w3a3")
    assert model(torch.zeros(2, 1, 8, 8)).shape == (2, 3)
    images = load_state(folder.path / "invented.safetensors")["images"]
    assert (results.data.invented, results.data.test_images) == (True, len(images))
    assert "paper_genotype, trained anew from a seed of its own" in results.data.about
    assert (results.teacher.accuracy, results.figure) == (None, "agreement")
    assert all(row.last.accuracy is None for row in results.rows)
    assert all(0 <= row.last.agreement <= 100 for row in results.rows)
    assert all(row.last.divergence >= 0 for row in results.rows)


def test_weights_before_rounding_are_kept_if_asked_for(tiny):
    pictures = {"method": "zeroq", "batch": 4, "image_batches": 1, "image_steps": 1, "epochs": 1}
    own = {"space": {"file": "", "baseline": ""}, "compress": pictures, "keep_float": True}
    folder, prepared = start(tiny | own, "c", "compress")
    with pytest.raises(RunError, match="no compressed model yet: finish the run"):
        autorecon.load_compressed(folder.path)
    workflow.compress(folder, prepared, QUIET)
    names = [path.name for path in sorted(folder.compressed_path.glob("*.safetensors"))]
    assert names == [f"zeroq-seed0{x}.safetensors" for x in (".float", ".images", "")]
    floats = load_weights(folder.compressed_path / names[0])
    assert floats["0.weight"].shape == (4, 1, 3, 3)
    model = autorecon.load_compressed(folder.path, build=import_module("tiny_teacher").teacher)
    assert not model.network.get_parameter("0.weight").equal(floats["0.weight"])


def test_a_student_that_diverges_is_told_and_the_others_go_on(tiny, monkeypatch):
    run_epoch, result = Compression.run_epoch, Compression.result
    dies = "human-designed/seed0"

    def diverging(self, epoch, tick):
        if dies in self.name and epoch:
            raise DivergedError("ce", math.nan)
        return run_epoch(self, epoch, tick)

    def measured(self):
        last = 50.0 + self.config.seed + ("discovered" in self.name)
        return attrs.evolve(result(self), last=Score(last))

    monkeypatch.setattr(Compression, "run_epoch", diverging)
    monkeypatch.setattr(Compression, "result", measured)
    folder, prepared = start(tiny | {"seeds": [0, 1]})
    results = workflow.run(folder, prepared, QUIET)
    assert [(row.generator, row.seed) for row in results.rows if row.warnings] == [
        ("human-designed", 0)
    ]
    assert results.rows[0].warnings[0].startswith("diverged: the loss 'ce' became nan")
    assert [summary.runs for summary in results.summary] == [1, 2]
    assert (results.difference.runs, results.difference.mean) == (1, 1.0)
    assert results.sites
    page = write_report(folder).read_text("utf-8")
    assert "diverged: the loss" in page
    assert "1 of 2 epochs" not in page
    dies = "seed"
    folder, prepared = start(tiny, "none")
    with pytest.raises(DivergedError):
        workflow.run(folder, prepared, QUIET)
    assert not folder.results_path.exists()


def test_generators_have_the_same_budget_and_seeds(tiny):
    folder, prepared = start(tiny | {"seeds": [0, 1]})
    results = workflow.run(folder, prepared, QUIET)
    assert [(r.generator, r.seed) for r in results.rows] == [
        ("human-designed", 0),
        ("discovered", 0),
        ("human-designed", 1),
        ("discovered", 1),
    ]
    configs = [
        json.loads((folder.compressed_path / f"{label}-seed1.json").read_text())["config"]
        for label in ("human-designed", "discovered")
    ]
    assert configs[0] == configs[1]


def test_derive_before_the_search_is_done(tiny):
    folder, prepared = start(tiny, command="search")
    found = workflow.search(folder, prepared, QUIET)
    with pytest.raises(
        RunError, match=r"is a search, .* give .*genotype\.space to `autorecon comp"
    ):
        autorecon.load_compressed(folder.path)
    derived, epochs = stages.derive(folder, prepared, QUIET)
    assert (derived.text, epochs) == (found.text, 2)
    write_genotype(derived, prepared.space, Path("out/mine.space"))
    shutil.rmtree(folder.path)
    assert autorecon.load("out/mine.space").is_genotype


def test_an_inheriting_run_starts_with_the_weights_of_the_search(tiny):
    # Too small a rate to move anything but running statistics.
    still = tiny | {"inherit": True, "compress": tiny["compress"] | {"generator_lr": 1e-30}}
    folder, prepared = start(still)
    workflow.run(folder, prepared, QUIET)
    searched = stages.supernet_weights(folder, QUIET)
    net = autorecon.generator(autorecon.load(folder.genotype_path))
    trained = load_weights(folder.generator_path)
    assert all(torch.equal(trained[name], searched[name]) for name, _ in net.named_parameters())
    with pytest.raises(ConfigError, match="both searches and compresses"):
        start(tiny | {"inherit": True}, "search", "search")


def test_compress_with_a_genotype_of_ones_own(tiny):
    folder, prepared = start(tiny, command="search")
    write_genotype(workflow.search(folder, prepared, QUIET), prepared.space, Path("g.space"))
    settings = tiny | {"space": {"file": "g.space", "baseline": ""}}
    folder, prepared = start(settings, "compressed", "compress")
    results = workflow.compress(folder, prepared, QUIET)
    assert [row.generator for row in results.rows] == ["generator"]
    again = workflow.resume(Path("compressed"), "compress", trust=True)
    assert again[1].space == prepared.space


def test_nothing_is_made_when_something_does_not_fit(tiny):
    wrong = {
        "classes": (TeacherError, "5 classes for a teacher of 3"),
        "size": (TeacherError, "16x16 for a teacher of 8x8"),
    }
    for name, (kind, message) in wrong.items():
        value = {"classes": 5, "size": 16}[name]
        space = {"file": "paper", "set": {"width": 2, name: value}}
        with pytest.raises(kind, match=message):
            start(tiny | {"space": space})
    with pytest.raises(ConfigError, match="leaves nothing to search"):
        start(tiny | {"space": {"file": "gdfq-cifar"}})
    with pytest.raises(ConfigError, match="compress needs one"):
        start(tiny, command="compress")
    assert not Path("run").exists()


def test_spread_is_the_sample_standard_deviation():
    assert spread([1.0, 2.0, 3.0]) == Spread(2.0, 1.0)
    assert spread([4.0]) == Spread(4.0, None)
    assert spread([1.0, None]) is None


USING = """space using(classes = 3, channels = 1, size = 8, latent = 4, width = 2)
use "parts/block.space"
input z [latent]: noise
input y: label(classes)
output image [channels, size, size]
for i in 1..2 {
  S[i] = stage(size)
  link z -> S[i].b = linear
  link y -> S[i].b = embed
  link S[i].b -> image = conv(3) | conv(1)
}
"""


def test_a_space_that_uses_other_files_goes_on_without_them(tiny, tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "block.space").write_text(
        "block stage(side) { node b [width, side, side] then bn }\n"
    )
    (tmp_path / "using.space").write_text(USING)
    settings = tiny | {"space": {"file": "using.space", "set": {}}}
    folder, _ = start(settings, command="search")
    shutil.rmtree(tmp_path / "parts")
    folder, prepared = workflow.resume(folder.path, "search", trust=True)
    assert workflow.search(folder, prepared, QUIET) == autorecon.load(folder.genotype_path)


def test_a_run_keeps_its_own_names(tiny, tmp_path):
    (tmp_path / "genotype.space").write_text("let width = 2\n")
    text = USING.replace("parts/block", "genotype").replace(", width = 2", "")
    stage = "block stage(side) { node b [width, side, side] then bn }\n"
    (tmp_path / "using.space").write_text(text + stage)
    with pytest.raises(RunError, match="rename"):
        start(tiny | {"space": {"file": "using.space", "set": {}}}, command="search")


def test_a_method_and_its_generator_must_fit(tiny):
    with pytest.raises(ConfigError, match="zeroq takes no generator: leave out gdfq-cifar"):
        start(
            tiny | {"compress": {"method": "zeroq"}, "space": {"file": "gdfq-cifar"}},
            command="compress",
        )
    with pytest.raises(ConfigError, match="`autorecon run` compares generators"):
        start(tiny | {"compress": {"method": "zeroq"}})
    with pytest.raises(ConfigError, match="qimera needs a generator"):
        start(tiny | {"compress": {"method": "qimera"}, "space": {"file": ""}}, command="compress")
    assert not Path("run").exists()
