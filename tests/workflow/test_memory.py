"""What a run takes of the machine: chosen before it begins, said and recorded."""

from __future__ import annotations

import io
from pathlib import Path

import attrs
import pytest

from autorecon.runs import Progress
from autorecon.workflow import memory
from autorecon.workflow import run as workflow
from autorecon.workflow.config import ConfigError, MemoryConfig, bytes_of, read_config
from autorecon.workflow.memory import fitted
from autorecon.workflow.prepare import prepare

MIB = 2**20


@pytest.fixture
def wide(tiny, monkeypatch):
    """Settings of batches that take some MiB; nothing is held before."""
    monkeypatch.setattr(memory, "_held", lambda: 0)
    tiny["space"] |= {"file": "paper", "baseline": "gdfq-cifar"}
    tiny["space"]["set"] = tiny["space"]["set"] | {"width": 8}
    tiny["compress"] |= {"batch": 512}
    tiny["search"] |= {"batch": 256}
    return tiny


def fit(settings, limit, command="run"):
    said = io.StringIO()
    values = settings | {"command": command, "memory": {"limit": limit}}
    return fitted(prepare(read_config(values)), Progress(stream=said)).config, said.getvalue()


def test_what_fits_stays_as_it_is(wide):
    config, said = fit(wide, "4G")
    assert (config.compress.batch, config.search.batch) == (512, 256)
    assert config.memory == MemoryConfig("4G", 1, "4G")
    assert [line.partition(" about")[0] for line in said.splitlines()] == [
        "the search needs", "the compression needs"
    ]  # fmt: skip


def test_parts_come_before_smaller_batches(wide):
    whole = int(fit(wide, "4G")[1].partition("compression needs about ")[2].split()[0])
    config, said = fit(wide, f"{whole - 1}M")
    assert config.compress.batch == 512
    assert config.memory.parts > 1
    assert "which changes no gradient" in said


def test_a_batch_is_halved_until_it_fits(wide):
    config, said = fit(wide, "12M")
    assert config.compress.batch in (2**power for power in range(1, 9))
    assert config.search.batch < 256
    assert f"compress.batch = {config.compress.batch}, not 512" in said
    assert "another objective" in said
    assert f"search.batch = {config.search.batch}, not 256" in said


def test_what_never_fits_is_told_before_anything(wide):
    with pytest.raises(ConfigError, match=r"even with a batch of 2.*--memory"):
        fit(wide, "10K")


def test_a_run_records_it_and_is_not_fitted_again(tiny, monkeypatch):
    settings = tiny | {"command": "run", "memory": {"limit": "2G"}}
    folder, prepared = workflow.start(Path("run"), read_config(settings), Progress(quiet=True))
    assert folder.config["memory"] == {"limit": "2G", "parts": 1, "fits": "2G"}
    monkeypatch.setattr(memory, "_budget", lambda config: pytest.fail("it was asked again"))
    assert fitted(prepared, Progress(quiet=True)) is prepared


def test_without_a_limit_it_is_a_share_of_what_is_free(tiny, monkeypatch):
    monkeypatch.setattr(memory, "_free", lambda device: 100 * MIB)
    config = read_config(tiny)
    found = memory._budget(config, None)
    assert (found.bytes, found.text) == (75 * MIB, "75% of the 100 MiB that are free here")


def test_images_of_trials_are_few_where_they_are_large(tiny, monkeypatch):
    monkeypatch.setattr(memory, "EXAM", 8 * 8 * 4 * 20)
    settings = tiny | {"select": {"candidates": 2}}
    config, said = fit(settings, "2G")
    assert config.select.images == 20
    assert "select.images = 20, not 500" in said


@pytest.mark.parametrize(
    ("text", "size"), [("8G", 8 * 2**30), ("512M", 2**29), ("1.5 GiB", 3 * 2**29), ("100", 100)]
)
def test_sizes(text, size):
    assert bytes_of(text) == size


@pytest.mark.parametrize("text", ["8 gigs", "-1G", "much", "G"])
def test_other_sizes_are_refused(text):
    with pytest.raises(ConfigError, match="no size: write it as 8G"):
        MemoryConfig(limit=text)


def test_a_run_in_parts_comes_to_the_end(tiny):
    config = attrs.evolve(
        read_config(tiny | {"command": "run"}), memory=MemoryConfig("2G", 2, "2G")
    )
    folder, prepared = workflow.start(Path("run"), config, Progress(quiet=True))
    workflow.run(folder, prepared, Progress(quiet=True))
    assert folder.results_path.exists()
    assert [path.name for path in folder.checkpoint_path.glob("*/*/*")] == []
