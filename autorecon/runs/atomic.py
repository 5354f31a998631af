"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from autorecon.runs.errors import RunError


@contextlib.contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it becomes `path` when the block ends.

    Missing parent folders are made, links are followed, an existing file keeps its permissions.
    If the block fails, the temporary file is removed and `path` is as it was.
    Raises RunError for anything the file system refuses (disk full, no permission, a folder).
    """
    target = Path(os.path.realpath(path))
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    existed = target.exists()
    try:
        if existed and not target.is_file():
            raise OSError("it is not a regular file")
        _make_folders(target.parent)
        yield temporary
        _publish(temporary, target)
    except BaseException as error:
        # The file system that just failed may fail again; the first error is the one to tell.
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise RunError(_failure(path, error, existed)) from error
        raise


_KEPT: dict[Path, Path] = {}


@contextlib.contextmanager
def kept(folder: Path, lock: Path) -> Iterator[None]:
    """Make nothing below a folder that is gone meanwhile, or whose `lock` is, as where a disk is
    taken out: what is written elsewhere is lost to what stands there."""
    real = Path(os.path.realpath(folder))
    _KEPT[real] = lock
    try:
        yield
    finally:
        _KEPT.pop(real, None)


def require_place(path: str | Path) -> None:
    """Raise RunError where a file could not be written, before it is made with much work."""
    target = Path(os.path.realpath(path))
    folder = next(parent for parent in target.parents if parent.exists())
    if target.exists() and not target.is_file():
        raise RunError(f"cannot write {path}: it is not a regular file")
    if not folder.is_dir():
        raise RunError(f"cannot write {path}: {folder} is not a folder")
    if not os.access(folder, os.W_OK):
        raise RunError(f"cannot write {path}: nothing may be written to {folder}")


def write_bytes(path: str | Path, data: bytes) -> None:
    """Make `path` hold `data`, or leave it untouched and raise RunError."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: str | Path, data: str) -> None:
    """Make `path` hold `data` in UTF-8 with its line ends as they are; else as `write_bytes`."""
    write_bytes(path, data.encode("utf-8"))


def link_or_copy(source: Path, path: str | Path) -> None:
    """Make `path` another name of a file, which takes no room, or a copy where there are no such
    names. Files are replaced and never changed in place, so that neither changes the other."""
    if Path(path).exists() and os.path.samefile(source, path):
        return  # a name cannot replace another of the same file
    with replacing(path) as temporary:
        try:
            os.link(source, temporary)
        except OSError:
            shutil.copyfile(source, temporary)


def sweep(folder: Path) -> None:
    """Remove the temporary files that killed writers left below `folder`.

    Only safe while no other process writes there: call it with the folder's lock held.
    """
    for leftover in folder.rglob(".*.[0-9]*.tmp"):
        with contextlib.suppress(OSError):
            leftover.unlink()


def _make_folders(folder: Path) -> None:
    """With all above it; not those that are kept."""
    base = next((base for base in _KEPT if folder.is_relative_to(base)), None)
    if base is None:
        folder.mkdir(parents=True, exist_ok=True)
        return
    if not _KEPT[base].exists():
        raise OSError(f"{base} is gone, or another folder is in its place")
    for part in [f for f in (*reversed(folder.parents), folder) if base in f.parents]:
        part.mkdir(exist_ok=True)


def _publish(temporary: Path, target: Path) -> None:
    # Windows syncs only what may be written to, which an existing file's mode may forbid.
    _sync(temporary, os.O_RDWR)
    if target.exists():
        shutil.copymode(target, temporary)
    os.replace(temporary, target)
    # The file is in place by now; some file systems cannot sync a folder, which loses nothing.
    with contextlib.suppress(OSError):
        _sync(target.parent, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _failure(path: str | Path, error: OSError, existed: bool) -> str:
    kept = "what was there before is intact" if existed else "nothing was written"
    return f"cannot write {path}: {error.strerror or error}; {kept}"
