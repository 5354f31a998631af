"""The folder that is a run."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from autorecon.reading import read_bounded
from autorecon.runs.atomic import kept, sweep, write_bytes
from autorecon.runs.errors import RunError
from autorecon.runs.seals import KEY, checksum, has_toml_seal, is_whole_toml, sealed_toml

_CONFIG = "config.toml"
AUTO, STUDY = "auto.toml", "study.toml"
"""What a folder has in which `autorecon auto` is to leave a run, and that of a study."""
_LOCK = ".lock"
_LONGEST_CONFIG = 16_000_000  # bytes
_SUM = re.compile(rb"^# crc32 of (.+): ([0-9a-f]{8})\r?$", re.MULTILINE)


@attrs.frozen
class _Named:
    """A file or folder of a run."""

    name: str

    def __get__(self, run: RunFolder, kind: type[RunFolder]) -> Path:
        return run.path / self.name


@attrs.frozen
class RunFolder:
    """A run's files by name; a folder is a run if it holds a config.toml."""

    path: Path
    config: dict[str, Any] = attrs.field(repr=False)
    sums: Mapping[str, str] = attrs.field(factory=dict, repr=False, eq=False)
    """Of the spaces that it began with, by file."""
    is_sealed: bool = attrs.field(default=False, repr=False, eq=False)
    """Whether its config.toml has a checksum."""

    @classmethod
    def create(cls, path: str | Path, config: Mapping[str, Any]) -> RunFolder:
        """Start a run in a new or empty folder. Entries of `config` that are None are left out.

        Raises RunError if the folder holds a run or anything else, or cannot be made.
        """
        folder = Path(path)
        _make(folder)
        # Before the lock, which would leave its file in a folder that is not ours; and with it,
        # since two may start at once.
        _refuse_occupied(folder)
        with locked(folder):
            _refuse_occupied(folder)
            write_bytes(folder / _CONFIG, _to_toml(config).encode())
        return cls.open(folder)

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """An existing run, which may be anybody's.

        Raises RunError if there is none, its config.toml cannot be read, or it holds what leads out
        of it.
        """
        folder = Path(path)
        try:
            data = read_bounded(folder / _CONFIG, _LONGEST_CONFIG)
            config = tomllib.loads(data.decode("utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RunError(_no_run(folder)) from error
        except OSError as error:
            raise RunError(f"cannot read {error.filename}: {error.strerror}") from error
        except RecursionError as error:
            raise RunError(f"{folder / _CONFIG} is nested too deeply") from error
        except ValueError as error:
            raise RunError(f"{folder / _CONFIG} is not TOML: {error}") from error
        if not is_whole_toml(data):
            raise RunError(
                f"{folder / _CONFIG} is not what the run began with (checksum): put it back as it "
                "was, or start in another folder"
            )
        check_contained(folder)
        return cls(folder, config, _sums(data), has_toml_seal(data))

    def sealed(self) -> RunFolder:
        """The same with checksums, in config.toml, of that and of the spaces that are there, by
        which it is seen whether they are still what the run begins with. RunError if that cannot be
        written."""
        names = sorted(
            path.relative_to(self.path).as_posix() for path in self.path.rglob("*.space")
        )
        lines = [f"# {KEY} of {name}: {_sum_of(self.path / name)}\n" for name in names]
        write_bytes(self.config_path, sealed_toml("".join(lines) + _to_toml(self.config)).encode())
        return self.open(self.path)

    def check_whole(self) -> None:
        """Raise RunError for a space that is there and not what the run began with."""
        for path, known in ((self.path / name, known) for name, known in self.sums.items()):
            if path.exists() and _sum_of(path) != known:
                raise RunError(
                    f"{path} is not what the run began with (checksum): put it back as it was, or "
                    "start in another folder"
                )

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Hold the folder against other processes; RunError if another one holds it."""
        return locked(self.path)

    config_path = _Named(_CONFIG)
    space_path = _Named("space.space")
    metrics_path = _Named("metrics.jsonl")
    checkpoint_path = _Named("checkpoint")
    genotype_path = _Named("genotype.space")
    derivation_path = _Named("derivation.json")
    front_path = _Named("front")
    front_table_path = _Named("front/front.json")
    # Images of another run that this one repeats, if it is there.
    images_path = _Named("images.safetensors")
    generator_path = _Named("generator.safetensors")
    compressed_path = _Named("compressed")
    results_path = _Named("results.json")
    evaluation_path = _Named("evaluation.json")
    report_path = _Named("report.html")


def _no_run(folder: Path) -> str:
    if os.path.isfile(folder / AUTO):
        return f"{folder} is not a run yet: `autorecon auto --resume {folder}` makes it one"
    if os.path.isfile(folder / STUDY):
        return f"{folder} is a study, no run: `autorecon study {folder} --table` writes its tables"
    return f"{folder} is not a run: it has no {_CONFIG}"


def check_contained(folder: Path) -> None:
    """Raise RunError for what no run has and would have its reader read or write something else:
    links out of the folder, pipes, devices."""
    within = Path(os.path.realpath(folder))
    for root, folders, files in os.walk(folder):
        for entry in (Path(root, name) for name in (*folders, *files)):
            # What others write comes and goes meanwhile.
            with contextlib.suppress(FileNotFoundError):
                _check_entry(entry, within)


def _check_entry(entry: Path, within: Path) -> None:
    mode = entry.lstat().st_mode
    if stat.S_ISLNK(mode):
        if not Path(os.path.realpath(entry)).is_relative_to(within):
            raise RunError(
                f"{entry} is a link to {os.readlink(entry)}, which is not in {within}: put there "
                "what it names, or remove it"
            )
    elif not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
        raise RunError(f"{entry} is neither a file nor a folder: remove it")


def next_free(parent: str | Path, stem: str) -> Path:
    """`parent/stem-001`, or the number after the highest one that is taken. Makes nothing."""
    numbered = re.compile(re.escape(stem) + r"-(\d+)")
    matches = (numbered.fullmatch(entry.name) for entry in Path(parent).glob("*"))
    highest = max((int(match[1]) for match in matches if match), default=0)
    return Path(parent) / f"{stem}-{highest + 1:03d}"


def new_folder(parent: str | Path, stem: str) -> Path:
    """Make the folder that `next_free` gives, another one for each of several that ask at once.

    Raises RunError if none can be made.
    """
    _make(Path(parent))
    while True:
        folder = next_free(parent, stem)
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        except OSError as error:
            raise RunError(f"cannot make the folder {folder}: {error.strerror}") from error
        return folder


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot make the folder {folder}: {error.strerror}") from error


def _refuse_occupied(folder: Path) -> None:
    names = _names(folder)
    if _CONFIG in names:
        raise RunError(f"{folder} holds a run: continue it with --resume, or name another folder")
    # What a kill during an earlier start left behind is ours.
    foreign = [name for name in names if name != _LOCK and not _is_leftover(name)]
    if foreign:
        raise RunError(f"{folder} is not empty (it holds {foreign[0]}): name another folder")


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except OSError as error:
        raise RunError(f"cannot read the folder {folder}: {error.strerror}") from error


def _is_leftover(name: str) -> bool:
    return name.startswith(f".{_CONFIG}.") and name.endswith(".tmp")


def _sums(data: bytes) -> dict[str, str]:
    return {name.decode("utf-8"): known.decode() for name, known in _SUM.findall(data)}


def _sum_of(path: Path) -> str:
    return checksum(read_bounded(path, _LONGEST_CONFIG))


def _to_toml(config: Mapping[str, Any]) -> str:
    import tomli_w

    return tomli_w.dumps(_without_none(config))


def _without_none(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {key: _without_none(item) for key, item in value.items() if item is not None}


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder against other processes; the system lets go of it if we are killed.

    Clears away what a killed process left unfinished. Raises RunError if another holds it.
    """
    from filelock import FileLock, Timeout

    lock = folder / _LOCK
    if lock.is_symlink() or (lock.exists() and not lock.is_file()):
        raise RunError(f"cannot lock {folder}: {lock} is not a regular file; remove it")
    try:
        held = FileLock(lock, timeout=0).acquire()
    except Timeout as error:
        advice = "wait for it to end, or name another folder"
        raise RunError(f"{folder} is in use by another process: {advice}") from error
    except OSError as error:
        raise RunError(f"cannot lock {folder}: {error.strerror}") from error
    with held, kept(folder, lock):
        sweep(folder)
        yield
