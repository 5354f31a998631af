"""A job of Python as a run folder: begun in it, or gone on with."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import attrs
from torch import nn

from autorecon import teachers
from autorecon.compress import CompressConfig
from autorecon.graph import Space
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.image_size import as_size, is_image_shape
from autorecon.runs import Progress, RunError, RunFolder
from autorecon.search import SearchConfig
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow import run as workflow
from autorecon.workflow.config import RunConfig, read_config, write_config
from autorecon.workflow.prepare import Prepared, bind
from autorecon.workflow.settings import combine
from autorecon.workflow.spaces import store_space

Place = str | os.PathLike[str]
Model = nn.Module | str
"""A classifier, or the name of one as `--teacher` takes it."""

BOUND = ("classes", "channels", "size", "rows", "columns")
"""Parameters that a space has of the teacher."""


@attrs.frozen(kw_only=True)
class Asked:
    """What a job is to do, as its function was called; `settings` are dotted keys of config.toml
    with their values."""

    command: str
    model: Model
    image_shape: tuple[int, int, int] | None
    mean: Sequence[float] | None
    std: Sequence[float] | None
    space: Space | str | os.PathLike[str] | None
    out: Place | None
    progress: bool
    settings: Mapping[str, Any]
    recipe: str | None = None


@attrs.frozen
class Job:
    """A run's folder, open; a `temporary` one where nobody named any."""

    folder: RunFolder
    prepared: Prepared
    progress: Progress
    temporary: bool

    def keep_with(self, owner: object) -> None:
        """Let a temporary folder last as long as what came of the job."""
        if self.temporary:
            weakref.finalize(owner, shutil.rmtree, self.folder.path, ignore_errors=True)


@contextmanager
def open_job(asked: Asked) -> Iterator[Job]:
    """Begin a run, or go on with the one that `out` holds, whose settings must be the same.

    Raises the error of whatever is missing or does not fit, before anything is made.
    """
    temporary = None if asked.out else mkdtemp(prefix="autorecon-")
    try:
        with TemporaryDirectory() as spaces:
            job = _job(asked, Path(asked.out or temporary or ""), Path(spaces))
        yield job
    except BaseException:
        if temporary:
            shutil.rmtree(temporary, ignore_errors=True)
        raise


def _job(asked: Asked, place: Path, spaces: Path) -> Job:
    progress = Progress(quiet=not asked.progress)
    teacher = _teacher(asked)
    config = _config(asked, teacher, spaces)
    if not (place / "config.toml").exists():
        run = workflow.start(place, config, progress, teacher)
        return Job(*run, progress, not asked.out)
    _require_same(config, place, isinstance(asked.space, Space))
    folder, prepared = workflow.resume(place, asked.command, teacher)
    if isinstance(asked.space, Space):
        own = bind(config.space.file, config.space.set, prepared.teacher)
        if not _is_same(prepared.space, own):
            raise RunError(f"{place} holds a run with another space: name another folder")
    return Job(folder, prepared, progress, temporary=False)


def _is_same(prepared: Space, given: Space) -> bool:
    """Whether a run's space is the given one, or what that has for labels."""
    try:
        return prepared == given or prepared == given.requiring("label")
    except ArchitectureError:
        return False


def setting_keys(command: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their whole keys: those of the run, of its sections, else of the command's own
    section."""
    section = {"compress": CompressConfig, "search": SearchConfig}[command]
    own = {field.name for field in attrs.fields(section)}
    run = {field.name for field in attrs.fields(RunConfig)} - {"command", "software"}
    return {
        key if key in run - own or "." in key else f"{command}.{key}": value
        for key, value in settings.items()
    }


def _teacher(asked: Asked) -> Teacher | None:
    if asked.image_shape is not None and not is_image_shape(asked.image_shape):
        raise TeacherError(f"image_shape = {asked.image_shape!r} must be (channels, height, width)")
    if isinstance(asked.model, str):
        return None
    return teachers.of_module(asked.model, asked.image_shape, asked.mean, asked.std)


def _config(asked: Asked, teacher: Teacher | None, spaces: Path) -> RunConfig:
    named: dict[str, Any] = {"teacher.name": teacher.name if teacher else asked.model}
    if teacher is None:
        if asked.image_shape:
            channels, *sides = asked.image_shape
            named |= {"teacher.size": as_size(*sides), "teacher.channels": channels}
        named |= {"teacher.mean": asked.mean, "teacher.std": asked.std}
    values = {"space.baseline": "", **_space(asked.space, spaces), **named, **asked.settings}
    plain = {key: _plain(value) for key, value in values.items()}
    return read_config(combine(None, plain, [], asked.recipe) | {"command": asked.command})


def _plain(value: Any) -> Any:
    """As TOML has it."""
    if isinstance(value, tuple):
        return list(value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


def _space(space: Space | str | os.PathLike[str] | None, folder: Path) -> dict[str, Any]:
    """A space of Python is written to be read as all others are; what it has of a teacher is that
    of this one."""
    if not isinstance(space, Space):
        return {"space.file": space}
    store_space(RunFolder(folder, {}), space, "given")
    own = {name: value for name, value in space.parameters.items() if name not in BOUND}
    return {"space.file": str(folder / "given.space"), "space.set": own}


def _require_same(config: RunConfig, out: Path, has_space: bool) -> None:
    """Raise RunError unless the run in a folder has these settings; whether it has the same space
    of Python is seen when both are read."""
    own = ["space.file", "space.set"] if has_space else []
    besides = ("software.", "precision.", "memory.", *own)
    found = _flat(write_config(read_config(RunFolder.open(out).config)))
    changed = [
        f"{key} = {found.get(key)!r}, not {value!r}"
        for key, value in _flat(write_config(config)).items()
        if found.get(key) != value and not key.startswith(besides)
    ]
    if changed:
        raise RunError(
            f"{out} holds a run with other settings ({', '.join(changed[:3])}): name another "
            "folder, or leave them as they were"
        )


def _flat(values: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        inner = isinstance(value, Mapping)
        found |= _flat(value, f"{above}{key}.") if inner else {f"{above}{key}": value}
    return found
