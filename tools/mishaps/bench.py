"""Where jobs are tried: folders, what undisturbed jobs leave, and how a disturbed one compares."""

from __future__ import annotations

import contextlib
import multiprocessing
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import attrs
import torch
from markupsafe import Markup, escape
from torch import Tensor

from autorecon.teachers import Teacher
from mishaps.jobs import JOBS, MODULE, OUT, Job, lay_out, teacher
from mishaps.operations import Operations
from mishaps.process import Ended, Process, command

SAME, TOLD, TAKEN = "same bytes", "one clear line", "taken as it is"
LOST, LEFT, TRACEBACK = "lost", "left over", "traceback"
COLUMNS = (SAME, TOLD, TAKEN, LOST, LEFT, TRACEBACK)

Files = dict[str, bytes]


def nothing() -> None:
    pass


@attrs.frozen
class Undisturbed:
    """What a job comes to, how long it takes, and how often it changes a file."""

    files: Files
    seconds: float
    operations: int


@attrs.frozen
class Verdict:
    """One of COLUMNS, and why."""

    column: str
    why: str = ""


class Wrong(Exception):
    """What ends a trial: its verdict is known."""

    def __init__(self, column: str, why: str) -> None:
        super().__init__(column, why)
        self.verdict = Verdict(column, why)


@attrs.define
class Bench:
    """A folder to work in, and what the jobs come to undisturbed."""

    root: Path
    known: dict[str, Undisturbed] = attrs.field(factory=dict)

    @classmethod
    def made(cls, root: Path, jobs: Sequence[Job] = JOBS) -> Bench:
        """With every job done once."""
        teacher(root)
        sys.path.insert(0, str(root))
        _warm_up()
        bench = cls(root)
        for job in jobs:
            bench.known[job.name] = bench._undisturbed(job)
        return bench

    def _undisturbed(self, job: Job) -> Undisturbed:
        trial = Trial.new(self, job, job.name)
        began = time.monotonic()
        watched = Operations(trial.here, trial.here.parent / "tally")
        ended = trial.start(job.begin_there(), watched.watch).ended()
        seconds = time.monotonic() - began
        if ended.code:
            raise RuntimeError(f"{job.name} fails undisturbed:\n{ended.said}")
        return Undisturbed(files_of(trial.out), seconds, watched.tally.stat().st_size)


def _warm_up() -> None:
    """Load what the processes that are forked can share; no job is done here, for want of forks
    after a backward pass."""

    from autorecon.compress.quantization.capture import capture

    for name in (
        "cli.jobs",
        "cli.outcome",
        "report.study",
        "study.run",
        "auto.run",
        "workflow.measure",
    ):
        import_module(f"autorecon.{name}")
    for name in ("graphviz", "matplotlib.figure", "torchvision", "torch.onnx"):
        import_module(name)
    capture(import_module(MODULE).NETWORK, (1, 8, 8))


@attrs.define
class Trial:
    """A job in a folder of its own."""

    bench: Bench
    job: Job
    here: Path
    often: bool = False  # a checkpoint after each step

    @classmethod
    def new(cls, bench: Bench, job: Job, name: str, often: bool = False) -> Trial:
        here = bench.root / name / "here"
        shutil.rmtree(here.parent, ignore_errors=True)
        lay_out(here)
        return cls(bench, job, here, often)

    @property
    def out(self) -> Path:
        return self.here / OUT

    @property
    def undisturbed(self) -> Undisturbed:
        return self.bench.known[self.job.name]

    def start(self, arguments: Sequence[str], mishap: Callable[[], object] = nothing) -> Process:
        """A command, and what befalls it."""
        work = command(arguments)

        def disturbed() -> None:
            from torch import set_num_threads

            set_num_threads(1)  # a pool of threads is not for several to mend after a fork
            with tamed(self.often):
                mishap()
                work()

        return Process(self.here, disturbed)

    def go_on(self, mishap: Callable[[], object] = nothing) -> None:
        """Go on until it is done, and compare; raises Wrong."""
        ended = self.start(self.job.go_on(self.here), mishap).ended()
        check(ended)
        if ended.code:
            raise Wrong(TOLD, last_line(ended))
        try:
            self.compare()
        except Wrong as wrong:
            # What cannot be made again is missed, and that is said.
            if warning := _WARNING.search(ended.said):
                raise Wrong(TOLD, warning[0]) from wrong
            raise

    def compare(self, out: Path | None = None) -> None:
        """Raise Wrong where not the same bytes are there as undisturbed, whatever the folder is
        called."""
        out, expected = out or self.out, self.undisturbed.files
        name = str(out.relative_to(self.here)).encode()
        found = {path: data.replace(name, OUT.encode()) for path, data in files_of(out).items()}
        expected, found = _alike(expected), _alike(found)
        if extra := found.keys() - expected.keys():
            raise Wrong(LEFT, f"{sorted(extra)}")
        if missing := expected.keys() - found.keys():
            raise Wrong(LOST, f"there is no {sorted(missing)}")
        if other := [name for name in sorted(found) if found[name] != expected[name]]:
            raise Wrong(LOST, f"other bytes: {other}")
        if beside := {path.name for path in self.here.iterdir() if path.name.startswith(".")}:
            raise Wrong(LEFT, f"{sorted(beside)}")


def _alike(files: Mapping[str, bytes]) -> dict[str, object]:
    """Rows sorted: those of a part that is done again come after those of parts that are not; so a
    checkpoint is of another place among them. What failed and was done then counts for nothing."""
    found: dict[str, object] = dict(files)
    for name, data in files.items():
        if name.endswith("metrics.jsonl"):
            found[name] = sorted(data.splitlines())
        elif name.endswith("records.jsonl"):
            found[name] = sorted(line for line in data.splitlines() if b', "error": "' not in line)
        elif "checkpoint/" in name:
            found[name] = _PLACE.sub(b"", data[8:])  # behind the length of its header
    return found


_PLACE = re.compile(rb'\\"offset\\",\d+|"autorecon\.blake2b":"\w+"| +')


def check(ended: Ended) -> None:
    """Raise Wrong for an end that no mishap excuses."""
    if "Traceback (most recent call last)" in ended.said:
        raise Wrong(TRACEBACK, ended.said)
    if ended.hung:
        raise Wrong(LOST, f"it hung: {ended.said}")
    if ended.left:
        raise Wrong(LEFT, f"processes: {ended.said}")
    if ended.code in (1, 2) and not last_line(ended):
        raise Wrong(LOST, f"exit code {ended.code} without a word: {ended.said}")
    if ended.code not in (0, 1, 2, 130, -2, -9, -15):
        raise Wrong(LOST, f"exit code {ended.code}: {ended.said}")


_CLEAR = re.compile(
    r"^(autorecon|Error|Aborted!|\S+\.space:\d+|error|warning).*|.* failed.*", re.MULTILINE
)


_WARNING = re.compile(r"^warning: .*", re.MULTILINE)


def last_line(ended: Ended) -> str:
    """The line that says what is wrong; "" where there is none."""
    found = [line[0] for line in _CLEAR.finditer(ended.said)]
    return found[-1] if found else ""


def files_of(folder: Path) -> Files:
    """All that a job leaves, but its lock."""
    found = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


@contextlib.contextmanager
def tamed(often: bool = False) -> Iterator[None]:
    """What takes longer than all else is left out, and no time passes by the clock that is written
    down, so that the same work leaves the same bytes."""
    spawned = multiprocessing.get_context
    with contextlib.ExitStack() as patches:
        charts = ("figures.line_chart", "figures.strip_chart", "panels.stack_chart")
        for name, value in {
            **{f"autorecon.report.{chart}": _chart for chart in charts},
            "time.perf_counter": lambda: 0.0,
            "autorecon.auto.run.time": SimpleNamespace(monotonic=lambda: 0.0),
            "autorecon.workflow.invented.MOST_IMAGES": 32,
            "autorecon.workflow.measure.missing_packages": lambda: ["onnxruntime"],
            # A backward pass makes threads of torch's, which no fork takes along.
            "autorecon.teachers.loading.require_gradients": lambda logits, images: None,
            "autorecon.auto.run.exam": _noise,
            # A fork holds the other ends of the pipes at which workers learn that they may go.
            "autorecon.runs.pool._PATIENCE": 0.1,
            "multiprocessing.get_context": lambda method=None: spawned("fork"),
        }.items():
            patches.enter_context(mock.patch(name, value))
        if often:
            # By its module, since the package has a function of that name.
            drive = sys.modules["autorecon.runs.drive"]
            patches.enter_context(mock.patch.object(drive, "EVERY", 0.0))
        yield


def _noise(teacher: Teacher) -> Tensor:
    """Images for a judge."""
    return torch.randn(8, *teacher.image_shape, generator=torch.Generator().manual_seed(0))


def _chart(*values: object, **more: object) -> Markup:
    """What a chart is of."""
    return Markup(escape(f"{values} {more}"))
