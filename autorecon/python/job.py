"""A job of Python as a run folder: begun in it, or gone on with."""

from __future__ import annotations

import os
import shutil
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import attrs
from torch import nn

from autorecon import teachers
from autorecon.auto.config import AutoConfig
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
from autorecon.workflow.trust import code_of

Place = str | os.PathLike[str]
Model = nn.Module | str
"""A classifier, or the name of one as `--teacher` takes it."""
Keep = Callable[[object], None]

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
    """A run's folder, open; `keep_with` lets a temporary one last as long as what came of it."""

    folder: RunFolder
    prepared: Prepared
    progress: Progress
    keep_with: Keep


@contextmanager
def open_job(asked: Asked) -> Iterator[Job]:
    """Begin a run, or go on with the one that `out` holds, whose settings must be the same.

    Raises the error of whatever is missing or does not fit, before anything is made.
    """
    with kept_folder(asked.out) as (place, keep):
        with TemporaryDirectory() as spaces:
            job = _job(asked, place, Path(spaces), keep)
        yield job


@contextmanager
def kept_folder(out: Place | None) -> Iterator[tuple[Path, Keep]]:
    """The folder that is named, or a temporary one, which goes when an error ends its work; and
    what lets that last as long as what came of it."""
    if out is not None:
        yield Path(out), lambda owner: None
        return
    place = Path(mkdtemp(prefix="autorecon-"))
    try:
        yield place, lambda owner: _outlive(owner, place)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def _outlive(owner: object, place: Path) -> None:
    weakref.finalize(owner, shutil.rmtree, place, ignore_errors=True)


def _job(asked: Asked, place: Path, spaces: Path, keep: Keep) -> Job:
    progress = Progress(quiet=not asked.progress)
    teacher = teacher_of(asked)
    config = _config(asked, teacher, spaces)
    if not (place / "config.toml").exists():
        run = workflow.start(place, config, progress, teacher)
        return Job(*run, progress, keep)
    _require_same(config, place, isinstance(asked.space, Space))
    folder, prepared = workflow.resume(place, asked.command, teacher, given=code_of(config))
    if isinstance(asked.space, Space):
        own = bind(config.space.file, config.space.set, prepared.teacher)
        if not _is_same(prepared.space, own):
            raise RunError(f"{place} holds a run with another space: name another folder")
    return Job(folder, prepared, progress, keep)


def _is_same(prepared: Space, given: Space) -> bool:
    """Whether a run's space is the given one, or what that has for labels."""
    try:
        return prepared == given or prepared == given.requiring("label")
    except ArchitectureError:
        return False


def setting_keys(command: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings by their whole keys: those of the run, of its sections, else of the command's own
    section."""
    section, kind = (
        ("search", SearchConfig) if command == "search" else ("compress", CompressConfig)
    )
    own = {field.name for field in attrs.fields(kind)}
    whole = AutoConfig if command == "auto" else RunConfig
    run = {field.name for field in attrs.fields(whole)} - {"command", "software"}
    return {
        key if key in run - own or "." in key else f"{section}.{key}": value
        for key, value in settings.items()
    }


def teacher_of(asked: Asked) -> Teacher | None:
    """The module that was given as one; None where it was named."""
    if asked.image_shape is not None and not is_image_shape(asked.image_shape):
        raise TeacherError(f"image_shape = {asked.image_shape!r} must be (channels, height, width)")
    if isinstance(asked.model, str):
        return None
    return teachers.of_module(asked.model, asked.image_shape, asked.mean, asked.std)


def named(asked: Asked, teacher: Teacher | None) -> dict[str, Any]:
    """What settings say of the teacher, one that is given or what is told of a named one."""
    if teacher:
        return {"teacher.name": teacher.name}
    found: dict[str, Any] = {"teacher.name": asked.model}
    if asked.image_shape:
        channels, *sides = asked.image_shape
        found |= {"teacher.size": as_size(*sides), "teacher.channels": channels}
    return found | {"teacher.mean": asked.mean, "teacher.std": asked.std}


def _config(asked: Asked, teacher: Teacher | None, spaces: Path) -> RunConfig:
    about, space = named(asked, teacher), _space(asked.space, spaces)
    plain = plain_values({"space.baseline": "", **space, **about, **asked.settings})
    return read_config(combine(None, plain, [], asked.recipe) | {"command": asked.command})


def plain_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """As TOML has them."""
    return {key: _plain(value) for key, value in values.items()}


def _plain(value: Any) -> Any:
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
