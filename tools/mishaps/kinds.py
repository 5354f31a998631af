"""The kinds of mishap: each meets a job, which then goes on; what comes of it is compared."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from unittest import mock

from mishaps.bench import LEFT, LOST, TAKEN, TOLD, Trial, Wrong, check, files_of, last_line
from mishaps.hostile import lay_traps, spoil, sprung
from mishaps.jobs import JOBS, READERS, Job
from mishaps.operations import Befall, Operations, dying, refusing, vanishing

Kind = Callable[[Trial, Random], None]

ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO, errno.EMFILE)
BLOCK = 4096


def killed(trial: Trial, random: Random) -> None:
    _signalled(trial, random, signal.SIGKILL)


def told(trial: Trial, random: Random) -> None:
    _signalled(trial, random, random.choice((signal.SIGTERM, signal.SIGINT)))


def told_twice(trial: Trial, random: Random) -> None:
    _signalled(trial, random, *[random.choice((signal.SIGTERM, signal.SIGINT))] * 2)


def _signalled(trial: Trial, random: Random, *numbers: int) -> None:
    process = trial.start(trial.job.begin_there())
    process.runs_for(random.uniform(0, trial.undisturbed.seconds))
    for number in numbers:
        process.send(number)
        process.runs_for(random.uniform(0, trial.undisturbed.seconds / 20))
    check(process.ended())
    trial.go_on()


def workers(trial: Trial, random: Random) -> None:
    """The processes in which a study does its cells."""
    process = trial.start(trial.job.begin_there())
    process.runs_for(random.uniform(0.2, 1) * trial.undisturbed.seconds)
    children = Path(f"/proc/{process.id}/task/{process.id}/children")
    for child in children.read_text().split() if process.runs_for(0) else ():
        os.kill(int(child), random.choice((signal.SIGKILL, signal.SIGTERM)))
    ended = process.ended()
    check(ended)
    if ended.code:
        raise Wrong(LOST, f"exit code {ended.code}: {ended.said}")
    trial.compare()


def crashed(trial: Trial, random: Random) -> None:
    """Killed where it changes a file, and sometimes again where it goes on."""
    for _ in range(random.choice((1, 1, 2, 3))):
        _crash(trial, random)
    trial.go_on()


def _crash(trial: Trial, random: Random) -> None:
    at = random.randint(1, trial.undisturbed.operations)
    check(trial.start(trial.job.go_on(trial.here), _watched(trial, dying(at))).ended())


def _watched(trial: Trial, befall: Befall) -> Callable[[], None]:
    tally = trial.here.parent / "tally"
    tally.unlink(missing_ok=True)
    return Operations(trial.here, tally, befall).watch


def truncated(trial: Trial, random: Random) -> None:
    _damaged(trial, random, lambda path: os.truncate(path, random.randrange(_size(path))))


def flipped(trial: Trial, random: Random) -> None:
    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        path.write_bytes(data)

    _damaged(trial, random, flip)


def deleted(trial: Trial, random: Random) -> None:
    _damaged(trial, random, Path.unlink)


def renamed(trial: Trial, random: Random) -> None:
    """To the name of another file of its kind, if there is one."""

    def rename(path: Path) -> None:
        others = [p for p in sorted(trial.out.rglob(f"*{path.suffix}")) if p != path]
        path.replace(random.choice(others) if others else trial.here / f"was-{path.name}")

    _damaged(trial, random, rename)


def _size(path: Path) -> int:
    return path.stat().st_size


def _damaged(trial: Trial, random: Random, damage: Callable[[Path], object]) -> None:
    """A file of a job that is done, or of one that was killed; it is read, and the job goes on."""
    _half_done(trial, random) if random.random() < 0.5 else _done(trial)
    if found := [path for path in sorted(trial.out.rglob("*")) if path.is_file() and _size(path)]:
        damage(random.choice(found))
    check(trial.start(_reader(trial, random)).ended())
    _forget_read(trial)
    trial.go_on()


def _half_done(trial: Trial, random: Random) -> None:
    _crash(trial, random)


def _done(trial: Trial) -> None:
    for name, data in trial.undisturbed.files.items():
        path = trial.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def _reader(trial: Trial, random: Random) -> list[str]:
    reads_study = trial.job.name == "study"
    return list(random.choice([r for r in READERS if (r[0] == "study") == reads_study]))


def _forget_read(trial: Trial) -> None:
    """Remove what readers wrote that the job itself does not."""
    for name in {"report.html", "evaluation.json"} - trial.undisturbed.files.keys():
        (trial.out / name).unlink(missing_ok=True)


def full(trial: Trial, random: Random) -> None:
    """A disk that has no room for all of it, and then has."""
    needed = sum(1 + len(data) // BLOCK for data in trial.undisturbed.files.values())
    room = random.randint(1, needed + 4)
    trial.out.mkdir()
    with _disk(trial.out, room) as (limit, enlarge):
        check(trial.start(trial.job.begin_there(), limit).ended())
        enlarge()
        trial.go_on()


@contextmanager
def _disk(folder: Path, blocks: int) -> Iterator[tuple[Callable[[], None], Callable[[], object]]]:
    """One in memory, for root; else no file is larger than all would be."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (blocks * BLOCK, resource.RLIM_INFINITY))

    size = f"size={blocks * BLOCK}"
    if os.geteuid() or not _system("mount", "-t", "tmpfs", "-o", size, "autorecon", folder):
        yield limit, lambda: None
        return
    try:
        yield (lambda: None), lambda: _system("mount", "-o", "remount,size=100m", folder)
    finally:
        _system("umount", "-l", folder)


def refused(trial: Trial, random: Random) -> None:
    """The system refuses one change of a file, or all from one on."""
    first = random.randint(1, trial.undisturbed.operations)
    last = random.choice((first, sys.maxsize))
    befall = refusing(first, last, random.choice(ERRORS))
    check(trial.start(trial.job.begin_there(), _watched(trial, befall)).ended())
    trial.go_on()


def read_only(trial: Trial, random: Random) -> None:
    """Somebody else's folder, in which nothing may be changed, is read and gone on with."""
    _half_done(trial, random) if random.random() < 0.5 else _done(trial)
    with _protected(trial.out):
        given = random.choice((_reader(trial, random), trial.job.go_on(trial.here)))
        check(trial.start(given).ended())
    _forget_read(trial)
    trial.go_on()


@contextmanager
def _protected(folder: Path) -> Iterator[None]:
    """Root writes whatever modes say, but not on a disk that is read-only."""
    folder.mkdir(exist_ok=True)
    if not os.geteuid() and _system("mount", "--bind", folder, folder):
        try:
            _system("mount", "-o", "remount,bind,ro", folder)
            yield
        finally:
            _system("umount", "-l", folder)
        return
    modes = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    try:
        for path, mode in modes.items():
            path.chmod(mode & ~0o222)
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def _system(*words: object) -> bool:
    """Whether a command of the system succeeds."""
    return not subprocess.run([*map(str, words)], capture_output=True, check=False).returncode


def vanished(trial: Trial, random: Random) -> None:
    """The folder is gone while it is worked in, and back when the job goes on."""
    at, gone = random.randint(1, trial.undisturbed.operations), trial.here / "gone"

    def befall(number: int, what: object) -> None:
        if trial.out.is_dir():
            vanishing(at, trial.out, gone)(number, what)

    ended = trial.start(trial.job.begin_there(), _watched(trial, befall)).ended()
    check(ended)
    if gone.exists():
        if trial.out.exists():
            raise Wrong(LEFT, f"{sorted(files_of(trial.out))} where the folder was: {ended.said}")
        gone.rename(trial.out)
    trial.go_on()


def together(trial: Trial, random: Random) -> None:
    """Another command comes to a folder in which one works."""
    first = trial.start(trial.job.begin_there())
    first.runs_for(random.uniform(0, trial.undisturbed.seconds))
    others = (trial.job.begin_there(), trial.job.go_on(trial.here), _reader(trial, random))
    second = trial.start(random.choice(others))
    ends = [first.ended(), second.ended()]
    for ended in ends:
        check(ended)
    if all(ended.code for ended in ends):
        raise Wrong(LOST, f"none came to an end: {ends}")
    _forget_read(trial)
    trial.go_on()


def six_at_once(trial: Trial, random: Random) -> None:
    """Without -o, each is to have a folder of its own."""
    begun = []
    for _ in range(6):
        begun.append(trial.start(trial.job.begin()))
        begun[-1].runs_for(random.choice((0, 0.02)))
    ends = [process.ended() for process in begun]
    for ended in ends:
        check(ended)
    if any(ended.code for ended in ends):
        raise Wrong(LOST, f"{[ended.said for ended in ends if ended.code]}")
    folders = sorted((trial.here / "runs").iterdir())
    if len(folders) != len(begun):
        raise Wrong(LOST, f"{len(folders)} folders")
    for folder in folders:
        trial.compare(folder)


def clock_moved(trial: Trial, random: Random) -> None:
    """Years ahead and back, while it works and between."""
    years = 365 * 86_400

    def move() -> None:
        now, moved = time.time, Random(random.random())
        jumping = mock.Mock(side_effect=lambda: now() + moved.uniform(-10, 10) * years)
        mock.patch("time.time", jumping).start()

    at = random.randint(1, trial.undisturbed.operations)
    watched = _watched(trial, dying(at))
    check(trial.start(trial.job.begin_there(), lambda: (move(), watched())).ended())
    for path in trial.out.rglob("*"):
        moved = time.time() + random.uniform(-10, 10) * years
        os.utime(path, (moved, moved))
    trial.go_on(move)


def hostile(trial: Trial, random: Random) -> None:
    """Somebody made a file of the folder who means harm, and left checksums out: what has no
    checksum may be taken for what its owner wrote."""
    _half_done(trial, random) if random.random() < 0.5 else _done(trial)
    lay_traps(trial.here)
    found = [path for path in sorted(trial.out.rglob("*")) if path.is_file() and _size(path)]
    if not found:
        return trial.go_on()
    path = random.choice(found)
    what = f"{path.relative_to(trial.here)}: {spoil(path, random)}"
    before, is_trusted = _beside(trial), random.random() < 0.7
    told = [_answered(trial, given, what, is_trusted) for given in _asked(trial, random)]
    if why := sprung(trial.here, is_trusted):
        raise Wrong(LOST, f"{what}: {why}")
    if changed := _beside(trial) ^ before:
        raise Wrong(LEFT, f"{what}: {sorted(changed)}")
    if any(told):
        raise Wrong(TOLD, f"{what}: {told}")
    _forget_read(trial)
    try:
        trial.compare()
    except Wrong as wrong:
        raise Wrong(TAKEN, f"{what}: {wrong.verdict.why}") from wrong


def _asked(trial: Trial, random: Random) -> Iterator[list[str]]:
    yield _reader(trial, random)
    yield trial.job.go_on(trial.here)


def _answered(trial: Trial, given: list[str], what: str, is_trusted: bool) -> str:
    """The clear line of a command that ends with one, "" of one that is done; raises Wrong."""
    given = given if is_trusted else [word for word in given if word != "--trust"]
    ended = trial.start(given).ended()
    try:
        check(ended)
    except Wrong as wrong:
        raise Wrong(wrong.verdict.column, f"{what}: {given}: {wrong.verdict.why}") from wrong
    return last_line(ended) if ended.code else ""


def _beside(trial: Trial) -> set[str]:
    """What lies beside the folder."""
    files = (path for path in trial.here.rglob("*") if trial.out not in (path, *path.parents))
    own = (path for path in files if "__pycache__" not in path.parts)
    return {str(path) for path in own if path.suffix not in (".onnx", ".space", ".safetensors")}


KINDS: dict[str, Kind] = {
    kind.__name__.replace("_", " "): kind
    for kind in (
        killed,
        told,
        told_twice,
        workers,
        crashed,
        truncated,
        flipped,
        deleted,
        renamed,
        full,
        refused,
        read_only,
        vanished,
        together,
        six_at_once,
        clock_moved,
        hostile,
    )
}


def jobs_for(kind: str, known: Collection[str]) -> list[Job]:
    """Those that can meet it, of the ones that are known; the cheaper ones oftener."""
    names = {"workers": ["study"], "six at once": ["search", "compress"]}.get(kind, list(_OFTEN))
    return [job for job in JOBS for _ in range(_OFTEN[job.name]) if job.name in {*names} & {*known}]


_OFTEN = {"run": 2, "search": 4, "compress": 3, "study": 1, "auto": 1}
