"""Settings: what a file, options and assignments make, and what is refused."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w

from autorecon.lang import find_space
from autorecon.workflow.config import ConfigError, RunConfig, read_config, write_config
from autorecon.workflow.settings import combine, recipes


def test_defaults_survive_toml():
    config = RunConfig(seeds=(0, 1))
    text = tomli_w.dumps(write_config(config))
    assert read_config(tomllib.loads(text)) == config


def test_normalisation_survives_toml():
    config = read_config({"teacher": {"mean": [0.5, 1], "std": [0.25, 0.5]}})
    assert (config.teacher.mean, config.teacher.std) == ((0.5, 1.0), (0.25, 0.5))
    assert read_config(tomllib.loads(tomli_w.dumps(write_config(config)))) == config


def test_assignments_go_before_options_and_options_before_the_file(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('[space]\nfile = "x"\n[search]\nepochs = 5\nbatch = 8\nseed = 1\n')
    values = combine(file, {"search.batch": 16, "search.seed": None}, ["search.epochs=9"])
    assert values["search"] == {"epochs": 9, "batch": 16, "seed": 1}


@pytest.mark.parametrize("name", recipes())
def test_every_recipe_is_a_configuration(name):
    values = combine(None, {"recipe": name}, [], "autorecon")
    assert read_config(values).recipe == name
    assert find_space(values["space"]["file"]).exists()


def test_a_recipe_is_under_all_that_is_given(tmp_path):
    file = tmp_path / "c.toml"
    file.write_text('recipe = "paper"\n[search]\nepochs = 5\n')
    values = combine(file, {"select.seeds": 2}, ["select.candidates=4"], "autorecon")
    assert values["recipe"] == "paper"
    assert values["search"] == {
        "strategy": "paper", "derive": "argmax", "objective": "ce + 0.1*bns", "epochs": 5
    }  # fmt: skip
    assert values["select"] == {"candidates": 4, "seeds": 2}
    assert combine(file, {"recipe": "autorecon"}, [], "paper")["recipe"] == "autorecon"
    assert combine(file, {}, []) == {"search": {"epochs": 5}}


def test_a_recipe_has_a_space_for_those_who_name_none():
    paper = {"file": "paper", "set": {"width": 26}}
    assert combine(None, {}, [], "paper")["space"] == paper
    chosen = combine(None, {"space.set": {"width": 8}, "space.baseline": ""}, [], "paper")
    assert chosen["space"] == {"file": "paper", "set": {"width": 8}, "baseline": ""}
    assert combine(None, {}, [], "autorecon")["select"]["known"] == "autorecon-gdfq"
    assert "known" not in combine(None, {"space.file": "x"}, [], "autorecon")["select"]
    mine = {"file": "mine.space"}
    assert combine(None, {"space.file": "mine.space"}, [], "paper")["space"] == mine


def test_a_recipe_compresses_in_its_way_by_its_own_method_alone():
    weights = {"alpha": 1.0, "objective": "ce + 0.1*bns"}
    own = {"method": "gdfq", **weights, "generator_lr": 1e-3, "rounding": "plain"}
    own |= {"ranges": "percentile", "labels": "all", "keep": "last"}
    assert combine(None, {}, [], "paper")["compress"] == own
    bits = combine(None, {"compress.bits": "w4a4"}, [], "paper")["compress"]
    assert bits == own | {"bits": "w4a4"}
    other = combine(None, {"compress.method": "dfad"}, [], "paper")
    assert read_config(other).compress.method == "dfad"
    assert other["compress"] == {"method": "dfad"}


def test_a_recipe_that_is_not_there():
    with pytest.raises(ConfigError, match="recipe = 'papr' is unknown: did you mean `paper`"):
        combine(None, {"recipe": "papr"}, [], "autorecon")
    with pytest.raises(ConfigError, match="is unknown"):
        combine(None, {"recipe": ["paper"]}, [], "autorecon")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"search": {"epoch": 3}}, "no `epoch`: did you mean `epochs`"),
        ({"search": {"epochs": "3"}}, "expected int, not '3' @ search.epochs"),
        ({"search": {"epochs": True}}, "expected int, not True"),
        ({"compress": {"bits": "w9a3"}}, "9 bits for weights"),
        ({"seeds": [0, 0]}, "must be different"),
        ({"space": {"set": {"width": "wide"}}}, "expected a number"),
        ({"space": {"set": 3}}, "expected a section of settings, not a value @ space.set"),
        ({"compress": "gdfq"}, "expected a section of settings, not a value @ compress"),
        ({"seeds": 3}, "expected a list, not a value @ seeds"),
        ({"space": {"ops": "my_ops"}}, "expected a list of names, not 'my_ops'"),
        ({"compress": {"seed": 7}}, r"compress\.seed = 7 is not for a run.*'seeds=\[7\]'"),
        ({"teacher": {"mean": ["0.5"]}}, "expected float, not '0.5' @ teacher.mean"),
        ({"teacher": {"size": [8]}}, "a size is a whole number of pixels .* @ teacher.size"),
        ({"teacher": {"size": "8x8"}}, "a size is a whole number of pixels .* @ teacher.size"),
        ({"teacher": {"mean": 0.5}}, "expected a list of numbers, not 0.5 @ teacher.mean"),
    ],
)
def test_settings_that_make_no_sense(values, message):
    with pytest.raises(ConfigError, match=message):
        read_config(values)


@pytest.mark.parametrize(
    ("given", "options"),
    [({"compress": "gdfq"}, {}), ({"space": 3}, {}), ({}, {"space.set": {"width": 3}})],
)
def test_a_section_is_no_value(tmp_path, given, options):
    file = tmp_path / "own.toml"
    file.write_text("" if given else "[space]\nset = 3\n")
    assignments = [f"{key}={value}" for key, value in given.items()]
    with pytest.raises(ConfigError, match="is a section, not a value"):
        combine(file, options, assignments, "autorecon")


def test_assignment_without_a_value():
    with pytest.raises(ConfigError, match="key=value"):
        combine(None, {}, ["search.epochs"])
