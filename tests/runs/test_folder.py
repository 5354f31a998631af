from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from autorecon.runs import RunError, RunFolder, new_folder, next_free, write_text


def test_config_comes_back(tmp_path: Path) -> None:
    config = {"name": "é", "rate": 1e-3, "seeds": [0, 1], "search": {"tau": 5.0, "cap": None}}
    created = RunFolder.create(tmp_path / "runs" / "a", config)
    assert created.config == {
        "name": "é",
        "rate": 1e-3,
        "seeds": [0, 1],
        "search": {"tau": 5.0},
    }
    assert RunFolder.open(tmp_path / "runs" / "a") == created


def test_files_have_their_names(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, {})
    paths = [run.config_path, run.space_path, run.metrics_path, run.checkpoint_path]
    paths += [run.genotype_path, run.generator_path, run.compressed_path, run.results_path]
    assert [path.relative_to(tmp_path).as_posix() for path in [*paths, run.report_path]] == [
        "config.toml",
        "space.space",
        "metrics.jsonl",
        "checkpoint",
        "genotype.space",
        "generator.safetensors",
        "compressed",
        "results.json",
        "report.html",
    ]


def test_a_run_is_not_started_twice(tmp_path: Path) -> None:
    RunFolder.create(tmp_path, {"a": 1})
    with pytest.raises(RunError, match="--resume, or name another folder"):
        RunFolder.create(tmp_path, {"a": 2})
    assert RunFolder.open(tmp_path).config == {"a": 1}


def test_foreign_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").touch()
    with pytest.raises(RunError, match=r"not empty \(it holds thesis\.txt\)"):
        RunFolder.create(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_start_that_was_killed_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / ".config.toml.77.tmp").touch()
    (tmp_path / ".lock").touch()
    RunFolder.create(tmp_path, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", "config.toml"]


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot make the folder"):
        RunFolder.create(tmp_path / "file" / "run", {})


@pytest.mark.parametrize("name", ["", "gone", "file"])
def test_what_is_no_run_is_not_opened(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match=r"not a run: it has no config\.toml"):
        RunFolder.open(tmp_path / name)


@pytest.mark.parametrize("content", [b"a = ", b"\xff", b"a = 1\na = 2"])
def test_broken_config_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "config.toml").write_bytes(content)
    with pytest.raises(RunError, match=r"config\.toml is not TOML"):
        RunFolder.open(tmp_path)


SPACE = "space s\ninput z [4]: noise\n"


@pytest.fixture
def begun(tmp_path: Path) -> RunFolder:
    run = RunFolder.create(tmp_path, {"command": "run", "seeds": [0, 1]})
    for path in (run.space_path, tmp_path / "parts" / "block.space"):
        write_text(path, SPACE)
    return run.sealed()


@pytest.mark.parametrize("place", [0, 3, 30, 90, -20, -2])
def test_a_damaged_config_is_told(begun: RunFolder, place: int) -> None:
    assert RunFolder.open(begun.path) == begun
    whole = begun.config_path.read_bytes()
    flipped = bytearray(whole)
    flipped[place] ^= 1
    for damaged in (flipped, whole[:place] if place > 12 or place < 0 else flipped):
        begun.config_path.write_bytes(damaged)
        try:
            assert RunFolder.open(begun.path) == begun
        except RunError as error:
            assert "config.toml is not" in str(error)  # noqa: PT017
        else:
            assert place == 3, "only the word before the checksum may change"


@pytest.mark.parametrize("name", ["space.space", "parts/block.space"])
def test_a_space_that_is_another_than_at_the_beginning_is_told(begun: RunFolder, name: str) -> None:
    begun.check_whole()
    write_text(begun.path / name, SPACE.replace("4", "5"))
    with pytest.raises(RunError, match=rf"{name} is not what the run began with \(checksum\)"):
        begun.check_whole()
    (begun.path / name).unlink()
    RunFolder.open(begun.path).check_whole()


def test_what_is_gone_while_it_is_worked_in_is_not_made_anew(begun: RunFolder) -> None:
    gone = begun.path.with_name("gone")
    with begun.lock():
        write_text(begun.path / "images" / "a", "a")
        begun.path.rename(gone)
        for name in ("b", "images/b", "c/d/e"):
            with pytest.raises(RunError, match="is gone, or another folder is in its place"):
                write_text(begun.path / name, "b")
        assert not begun.path.exists()
        begun.path.mkdir()  # where something was mounted
        with pytest.raises(RunError, match="in its place"):
            write_text(begun.path / "b", "b")
        begun.path.rmdir()
        gone.rename(begun.path)
    write_text(begun.path / "c" / "d" / "e", "e")


def test_lock_keeps_others_out(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path, {})
    with run.lock(), pytest.raises(RunError, match="in use by another process"), run.lock():
        pass
    with run.lock():
        pass


def test_a_killed_process_gives_up_its_lock(
    tmp_path: Path, fork: Callable[[Callable[[], object]], int]
) -> None:
    run = RunFolder.create(tmp_path, {})
    read, write = os.pipe()

    def hold() -> None:
        with run.lock():
            (tmp_path / f".results.json.{os.getpid()}.tmp").touch()
            os.write(write, b"held")
            signal.pause()

    child = fork(hold)
    assert os.read(read, 4) == b"held"
    with pytest.raises(RunError, match="in use by another process"), run.lock():
        pass
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with run.lock():
        assert not list(tmp_path.glob(".*.tmp"))


@pytest.mark.parametrize("make", [Path.mkdir, lambda lock: lock.symlink_to("notes.txt")])
def test_what_is_no_lock_is_left_alone(tmp_path: Path, make: Callable[[Path], object]) -> None:
    run = RunFolder.create(tmp_path, {})
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".lock").unlink()
    make(tmp_path / ".lock")
    with pytest.raises(RunError, match="cannot lock"), run.lock():
        pass
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_several_that_ask_at_once_get_a_new_folder_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = iter([tmp_path / "runs" / name for name in "aab"])
    monkeypatch.setattr("autorecon.runs.folder.next_free", lambda *_: next(places))
    assert [new_folder(tmp_path / "runs", "x").name for _ in range(2)] == ["a", "b"]
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot make the folder"):
        new_folder(tmp_path / "file", "x")


def test_next_free_counts_from_the_highest(tmp_path: Path) -> None:
    assert next_free(tmp_path / "runs", "a") == tmp_path / "runs" / "a-001"
    for name in ("a-001", "a-007", "ab-050", "a-x", "a-1000x"):
        (tmp_path / name).mkdir()
    assert next_free(tmp_path, "a").name == "a-008"
    (tmp_path / "a-999").mkdir()
    assert next_free(tmp_path, "a").name == "a-1000"
