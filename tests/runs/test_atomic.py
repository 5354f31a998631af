from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from autorecon.runs import RunError, replacing, write_bytes, write_text
from autorecon.runs.atomic import sweep


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def refuse(*_args: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_new_file_has_what_was_written_and_nothing_stands_beside_it(tmp_path: Path) -> None:
    write_text(tmp_path / "deep" / "a.space", "é\r\nb\n")
    assert (tmp_path / "deep" / "a.space").read_bytes() == "é\r\nb\n".encode()
    assert names(tmp_path / "deep") == ["a.space"]


@pytest.mark.parametrize("call", ["os.fsync", "os.replace", "pathlib.Path.write_bytes"])
def test_full_disk_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = tmp_path / "results.json"
    write_bytes(path, b"old")
    with monkeypatch.context() as patched:
        patched.setattr(call, refuse)
        with pytest.raises(RunError, match=r"results\.json: No space left.*before is intact"):
            write_bytes(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["results.json"]


def test_half_written_file_is_removed(tmp_path: Path) -> None:
    def half_write() -> None:
        with replacing(tmp_path / "a") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        half_write()
    assert names(tmp_path) == []


def test_nothing_written_is_said_for_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RunError, match="nothing was written"):
        write_bytes(tmp_path / "a", b"new")


def test_folder_that_cannot_be_synced_is_no_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync = os.fsync

    def only_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            refuse()
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", only_files)
    write_bytes(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"


def test_links_are_followed_and_permissions_kept(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_bytes(b"old")
    real.chmod(0o600)
    link.symlink_to(real)
    write_bytes(link, b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_folders_and_devices_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(RunError, match="not a regular file"):
            write_bytes(path, b"new")
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_sweep_removes_what_writers_left_and_no_more(tmp_path: Path) -> None:
    kept = [".hidden", ".notes.tmp", "a.12.tmp"]
    for name in [*kept, ".a.json.12.tmp"]:
        (tmp_path / name).touch()
    sweep(tmp_path)
    assert names(tmp_path) == sorted(kept)
