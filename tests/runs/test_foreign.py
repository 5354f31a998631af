"""Run folders of other people: nothing that they hold leads anywhere else."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
import torch

from autorecon.reading import UnfitFile, read_bounded
from autorecon.runs import (
    Checkpoint,
    Checkpoints,
    Progress,
    RunError,
    RunFolder,
    load_state,
    locked,
    save_state,
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    RunFolder.create(tmp_path / "run", {"command": "run"})
    (tmp_path / "precious").write_text("mine")
    return tmp_path / "run"


@pytest.mark.parametrize("name", ["report.html", ".lock", "checkpoint/search", "metrics.jsonl"])
def test_links_out_of_the_folder_are_refused(run: Path, name: str) -> None:
    (run / name).unlink(missing_ok=True)
    (run / name).parent.mkdir(exist_ok=True)
    (run / name).symlink_to(run.parent / "precious")
    with pytest.raises(RunError, match=rf"{name} is a link to .*precious, which is not in"):
        RunFolder.open(run)
    assert (run.parent / "precious").read_text() == "mine"


def test_links_within_the_folder_stay(run: Path) -> None:
    (run / "latest").symlink_to("config.toml")
    assert RunFolder.open(run).config == {"command": "run"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("name", ["images.png", ".lock", "config.toml"])
def test_pipes_are_refused_and_not_waited_for(run: Path, name: str) -> None:
    (run / name).unlink(missing_ok=True)
    os.mkfifo(run / name)
    with pytest.raises(RunError, match=rf"{name}.*(not a regular|neither a) file"):
        RunFolder.open(run)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_no_lock(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".lock")
    with pytest.raises(RunError, match="is not a regular file; remove it"), locked(tmp_path):
        pass


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_what_has_no_end_is_not_read() -> None:
    with pytest.raises(UnfitFile, match="not a regular file"):
        read_bounded("/dev/zero", 10)


def test_reading_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0" * 11)
    assert read_bounded(tmp_path / "a", 11) == b"0" * 11
    with pytest.raises(UnfitFile, match="larger than 10 bytes"):
        read_bounded(tmp_path / "a", 10)
    with pytest.raises(UnfitFile, match="null"):
        read_bounded("a\0", 10)


def test_a_config_nested_deeply_is_told(run: Path) -> None:
    (run / "config.toml").write_text("a=" + "[" * 5000 + "]" * 5000)
    with pytest.raises(RunError, match=r"config\.toml is nested too deeply"):
        RunFolder.open(run)


def test_a_state_of_another_version_is_told(run: Path) -> None:
    class Stage:
        name, epochs, ticks = "search", 1, 1

        def load_state_dict(self, state: dict[str, object]) -> None:
            raise KeyError("supernet")

    stored = Checkpoint("search", 1, 1, 0, {})
    with pytest.raises(RunError, match="another search than this version makes"):
        Checkpoints(run / "checkpoint", "search").put(stored, Stage())  # type: ignore[arg-type]


def test_a_stage_begins_again_where_all_its_checkpoints_are_damaged(run: Path) -> None:
    checkpoints = Checkpoints(run / "checkpoint", "search")
    checkpoints.save(Checkpoint("search", 1, 2, 0, {"a": torch.ones(9)}))
    (path,) = checkpoints.paths()
    data = bytearray(path.read_bytes())
    data[-5] ^= 4
    path.write_bytes(data)
    said = io.StringIO()
    assert checkpoints.newest(Progress(stream=said)) is None
    assert "is not what was written (checksum); going back" in said.getvalue()
    checkpoints.forget_newer(None)
    assert not checkpoints.paths()


@pytest.mark.parametrize("place", range(0, 400, 7))
def test_no_flipped_bit_is_taken_for_what_was_written(tmp_path: Path, place: int) -> None:
    state = {"step": 12, "x": torch.arange(40.0)}
    save_state(tmp_path / "s", state)
    data = bytearray((tmp_path / "s").read_bytes())
    data[place % len(data)] ^= 2
    (tmp_path / "s").write_bytes(data)
    try:
        found = load_state(tmp_path / "s")
    except RunError:
        return
    # The name of the checksum itself, or a blank.
    assert found["step"] == 12
    assert found["x"].equal(state["x"])
