"""The whole way at tiny size, and going on after an interruption at every point."""

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
from autorecon.compress import METHODS, Compression
from autorecon.objective import DivergedError
from autorecon.records.results import Spread, read_results
from autorecon.records.score import Score
from autorecon.report import write_report
from autorecon.runs import Progress, RunError, load_state, load_weights
from autorecon.teachers import TeacherError
from autorecon.workflow import run as workflow
from autorecon.workflow import stages
from autorecon.workflow.config import ConfigError, read_config
from autorecon.workflow.results import spread
from autorecon.workflow.spaces import write_genotype

QUIET = Progress(quiet=True)


class Killed(BaseException):
    """What no handler may catch."""


def start(settings, path="run", command="run"):
    return workflow.start(Path(path), read_config(settings | {"command": command}), QUIET)


def without_time(path):
    rows = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in row.items() if k not in ("seconds", "crc32")} for row in rows]


def files(path):
    """Everything a run leaves but the times in it."""
    kept = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix not in (".json", ".jsonl"))
    return {str(p.relative_to(path)): p.read_bytes() for p in kept if "checkpoint" not in p.parts}


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
    results = workflow.run(*workflow.resume(Path("broken"), "run"), QUIET)
    assert without_time(Path("broken")) == rows
    assert files(Path("broken")) == left_behind
    untimed = {"seconds": {}, "search": None}
    assert attrs.evolve(results, **untimed) == attrs.evolve(expected, **untimed)


def test_finished_run_is_only_read_back(tiny, monkeypatch):
    folder, prepared = start(tiny)
    results = workflow.run(folder, prepared, QUIET)
    monkeypatch.setattr(torch.optim.Adam, "step", lambda *a, **k: pytest.fail("trained again"))
    assert workflow.run(*workflow.resume(folder.path, "run"), QUIET) == results


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
    tiny |= {"space": {"file": "gdfq-cifar", "baseline": ""}, "seeds": [0, 1]}
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
    workflow.compress(*workflow.resume(Path("broken"), "compress"), QUIET)
    assert files(Path("broken")) == files(Path("whole"))
    assert not list(Path("broken").glob("checkpoint/**/*.safetensors"))


def test_what_a_genotype_was_chosen_by_is_made_again(tiny):
    folder, prepared = start(tiny, command="search")
    workflow.search(folder, prepared, QUIET)
    before = folder.derivation_path.read_bytes()
    folder.derivation_path.unlink()
    workflow.search(*workflow.resume(folder.path, "search"), QUIET)
    assert folder.derivation_path.read_bytes() == before


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
    again = workflow.resume(Path("compressed"), "compress")
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


def test_resuming_with_another_command(tiny):
    start(tiny)
    with pytest.raises(RunError, match="resume it with that"):
        workflow.resume(Path("run"), "search")


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
    folder, prepared = workflow.resume(folder.path, "search")
    assert workflow.search(folder, prepared, QUIET) == autorecon.load(folder.genotype_path)


def test_a_run_keeps_its_own_names(tiny, tmp_path):
    (tmp_path / "genotype.space").write_text("let width = 2\n")
    text = USING.replace("parts/block", "genotype").replace(", width = 2", "")
    stage = "block stage(side) { node b [width, side, side] then bn }\n"
    (tmp_path / "using.space").write_text(text + stage)
    with pytest.raises(RunError, match="rename"):
        start(tiny | {"space": {"file": "using.space", "set": {}}}, command="search")


BY_METHOD = {
    "calibration": {"warmup_steps": 2, "calibration_batches": 1},
    "adadfq": {"warmup_steps": 1, "steps": 2, "calibration_batches": 1},
    "noise": {"epochs": 1},
    "dfq": {"epochs": 1},
    "zeroq": {"image_steps": 4},
    "kegnet": {"warmup_steps": 2, "steps": 2},
    "deepinversion": {"image_batches": 2, "image_steps": 1, "steps": 2, "rounds": 2},
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
    results = workflow.compress(*workflow.resume(Path("broken"), "compress"), QUIET)
    assert without_time(Path("broken")) == without_time(Path("whole"))
    assert files(Path("broken")) == files(Path("whole"))
    assert attrs.evolve(results, seconds={}) == attrs.evolve(expected, seconds={})
    grids = [p.stem for p in Path("whole/images").glob("*.png")]
    assert grids == ([] if METHODS[method].source in ("noise", "none") else [label])


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
    resumed = workflow.resume(folder.path, "run")
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
    workflow.run(*workflow.resume(folder.path, "run"), Progress())
    told = f"warning: {folder.metrics_path} lacks 1 of 2 rows of search\n"
    assert told in capsys.readouterr().err
    folder.space_path.write_text(folder.space_path.read_text() + "# other\n")
    with pytest.raises(RunError, match=r"space\.space is not what the run began with"):
        workflow.resume(folder.path, "run")


def test_a_run_whose_checkpoints_are_gone_has_each_row_once(tiny):
    folder, prepared = start(tiny)
    workflow.run(folder, prepared, QUIET)
    before, rows = files(folder.path), without_time(folder.path)
    shutil.rmtree(folder.checkpoint_path)
    folder.genotype_path.unlink()
    for file in folder.compressed_path.iterdir():
        file.unlink()
    workflow.run(*workflow.resume(folder.path, "run"), QUIET)
    assert files(folder.path) == before
    assert sorted(map(str, without_time(folder.path))) == sorted(map(str, rows))
