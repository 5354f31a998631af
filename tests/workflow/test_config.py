"""Settings: what a file, options and assignments make, and what is refused."""

from __future__ import annotations

import tomllib

import pytest
import tomli_w

from autorecon.workflow.config import ConfigError, RunConfig, combine, read_config, write_config


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


def test_the_default_space_has_a_default_width_that_set_can_change():
    assert combine(None, {}, [])["space"] == {"file": "paper", "set": {"width": 32}}
    chosen = combine(None, {"space.set": {"width": 8}}, [])["space"]
    assert chosen == {"file": "paper", "set": {"width": 8}}
    assert combine(None, {"space.file": "mine.space"}, [])["space"] == {"file": "mine.space"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"search": {"epoch": 3}}, "no `epoch`: did you mean `epochs`"),
        ({"search": {"epochs": "3"}}, "expected int, not '3' @ search.epochs"),
        ({"search": {"epochs": True}}, "expected int, not True"),
        ({"compress": {"bits": "w9a3"}}, "9 bits for weights"),
        ({"seeds": [0, 0]}, "must be different"),
        ({"space": {"set": {"width": "wide"}}}, "expected a number"),
        ({"space": {"ops": "my_ops"}}, "expected a list of names, not 'my_ops'"),
        ({"teacher": {"mean": ["0.5"]}}, "expected float, not '0.5' @ teacher.mean"),
        ({"teacher": {"mean": 0.5}}, "expected a list of numbers, not 0.5 @ teacher.mean"),
    ],
)
def test_settings_that_make_no_sense(values, message):
    with pytest.raises(ConfigError, match=message):
        read_config(values)


def test_assignment_without_a_value():
    with pytest.raises(ConfigError, match="key=value"):
        combine(None, {}, ["search.epochs"])
