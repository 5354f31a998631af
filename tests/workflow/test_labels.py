"""Generators that cannot know the class that they are asked for are refused before all else."""

from __future__ import annotations

from pathlib import Path

import pytest

import autorecon
from autorecon.compress import CompressConfig, CompressError, Compression
from autorecon.runs import Progress
from autorecon.teachers import load as load_teacher
from autorecon.workflow import run as workflow
from autorecon.workflow.config import ConfigError, read_config
from autorecon.workflow.prepare import prepare

QUIET = Progress(quiet=True)

# `code` is of the noise alone, and the label is added to nothing.
CUT = """genotype cut of "autorecon.space"

scaled -> code = none
z -> code = identity
y -> seed = none
seed -> low = nearest >> conv(3) >> bn >> leaky_relu(0.2)
low -> high = nearest >> conv(3) >> bn >> leaky_relu(0.2)
"""
WHY = (
    r"asks for images of a class, and in cut `scaled -> code = none` \(line 3\) and "
    r"`y -> seed = none` \(line 5\) cut `image` from `y`: change that, or choose another generator"
)
WITHOUT = "onehot + entropy + 0.1*bns"


@pytest.fixture
def cut(tiny):
    """The settings of a compression with a generator that cuts the label."""
    Path("cut.space").write_text(CUT)
    compress = {"batch": 4, "steps": 1, "epochs": 1, "calibration_batches": 1}
    return {
        "command": "compress",
        "space": {"file": "cut.space", "baseline": ""},
        "teacher": tiny["teacher"],
        "compress": compress | {"warmup_steps": 1},
    }


def searching(tiny, **sections):
    """The settings of a search of the default space."""
    space = {"file": "autorecon", "baseline": ""}
    return (
        {"command": "search", "space": space}
        | {k: tiny[k] for k in ("teacher", "search")}
        | sections
    )


def test_a_genotype_is_refused_where_a_class_is_asked_for(cut):
    with pytest.raises(ConfigError, match=f"the method gdfq {WHY}.*or another method"):
        workflow.start(Path("run"), read_config(cut), QUIET)
    mixed = {"method": "dafl", "student": "resnet20", "objective": "onehot + 0.1*ce"}
    with pytest.raises(ConfigError, match=rf"the objective 'onehot \+ 0.1\*ce' {WHY}"):
        workflow.start(Path("run"), read_config(cut | {"compress": mixed}), QUIET)
    assert not Path("run").exists()


@pytest.mark.parametrize("method", ["dafl", "dfad"])
def test_methods_that_ask_for_no_class_take_it(cut, method):
    compress = {"method": method, "batch": 4, "steps": 1, "epochs": 1, "student_steps": 1}
    student = {"student": "tiny_teacher:teacher"}
    config = read_config(cut | {"compress": compress | student})
    results = workflow.compress(*workflow.start(Path("run"), config, QUIET), QUIET)
    assert [row.generator for row in results.rows] == ["generator"]


def test_what_is_compared_with_or_known_is_refused_too(tiny, cut):
    run = searching(tiny, command="run", space={"file": "autorecon", "baseline": "cut.space"})
    with pytest.raises(ConfigError, match=f"the method gdfq {WHY}"):
        prepare(read_config(run))
    # The search asks for a class, which is nothing to what is not searched.
    distils = {"method": "dfad", "student": "tiny_teacher:teacher"}
    assert prepare(read_config(run | {"compress": distils})).baseline
    known = {"candidates": 2, "known": "cut.space"}
    with pytest.raises(ConfigError, match=WHY):
        prepare(read_config(searching(tiny, select=known)))


def test_a_search_is_of_the_architectures_that_know(tiny, capsys):
    folder, prepared = workflow.start(Path("run"), read_config(searching(tiny)), QUIET)
    assert prepared.space.valid_architectures == 80
    found = workflow.search(folder, prepared, Progress())
    assert "16 of the 96 valid architectures are left out" in capsys.readouterr().err
    assert "y" in found.live
    # What is kept of the space is its text: what is asked of it is told by the settings.
    assert autorecon.load(folder.space_path, **found.parameters).valid_architectures == 96
    assert workflow.resume(Path("run"), "search", trust=True)[1].space == prepared.space


def test_a_search_whose_objective_asks_for_no_class_is_of_all(tiny):
    free = tiny["search"] | {"objective": WITHOUT}
    assert prepare(read_config(searching(tiny, search=free))).space.valid_architectures == 96
    # A selection compresses, and its method asks.
    some = searching(tiny, search=free, select={"candidates": 2})
    assert prepare(read_config(some)).space.valid_architectures == 80
    distils = {"method": "dfad", "student": "tiny_teacher:teacher"}
    assert prepare(read_config(some | {"compress": distils})).space.valid_architectures == 96


def test_a_space_in_which_the_label_leads_nowhere_is_refused(tiny):
    text = autorecon.load("autorecon").text.replace(
        "link y -> scaled = embed", "link y -> scaled = none"
    )
    Path("nowhere.space").write_text(text.replace("y -> seed = embed | none", "y -> seed = none"))
    space = {"file": "nowhere.space", "baseline": ""}
    with pytest.raises(ConfigError, match="every architecture of autorecon cuts `image` from `y`"):
        prepare(read_config(searching(tiny, space=space)))
    free = tiny["search"] | {"objective": WITHOUT}
    assert prepare(read_config(searching(tiny, space=space, search=free))).space.valid_architectures


def test_a_compression_of_ones_own_is_refused_alike(cut):
    teacher = load_teacher("tiny_teacher:teacher", size=8)
    space = autorecon.load("cut.space", classes=3, channels=1, size=8)
    net = autorecon.generator(space, seed=0)
    with pytest.raises(CompressError, match="gdfq asks for images of a class, and in cut `scaled"):
        Compression(teacher.module, CompressConfig(), net)
    Compression(teacher.module, CompressConfig(method="ait", objective="bns"), net)
