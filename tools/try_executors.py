"""A study of 24 tiny cells by every executor, each disturbed in the middle, to the same records.

    python tools/try_executors.py [--only local|slurm-here|ray] [--folder FOLDER] [--nothing 1000]

`local`: the study's process is killed, and called again. `slurm-here`: a job's process and its
controller are killed, then the study's process, and it is called again while its jobs go on.
`ray`: a cluster of two nodes here, of which a worker is killed, then a raylet with all it runs, and
another joins; then the study's process. Prints how long each took, whole and disturbed, and ends
with 1 where records differ. `--nothing N` gives out N cells that do nothing instead.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from autorecon.records.cells import CellRecord
from autorecon.study.cells import Task, plan
from autorecon.study.executors import executor
from autorecon.study.folder import StudyFolder
from autorecon.study.spec import read_study

ROOT = Path(__file__).resolve().parents[1]
PLACES = ("local", "slurm-here", "ray")

MODULE = """
import torch
from torch import nn
from autorecon import data

def toy(size):
    images = torch.rand(300, 1, 8, 8, generator=torch.Generator().manual_seed(3))
    split = data.Split(images, torch.arange(300) % 3)
    return data.Dataset("toy", 8, 1, ("a", "b", "c"), (0.5,), (0.3,), lambda which: split)

if "toy" not in data.names():
    data.register("toy", toy)

def teacher():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Flatten(), nn.Linear(256, 3),
    )
"""

STUDY = """
title = "24 tiny cells"
teachers = [{ name = "tiny_teacher:teacher", size = 8, data = "toy" }]
bits = ["w3a3"]
seeds = 8

[compress]
batch = 16
warmup_steps = 40
steps = 40
epochs = 10
calibration_batches = 1

[[search]]
name = "paper"
recipe = "paper"
space = { file = "paper", set = { width = 8, latent = 8 } }

[[variant]]
name = "human-designed"
generator = "gdfq-cifar"

[[variant]]
name = "random genotype"
drawn = "paper"
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Plain)
    parser.add_argument("--only", choices=PLACES)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--nothing", type=int, default=0)
    given = parser.parse_args()
    places = [given.only] if given.only else PLACES
    with _folder(given.folder) as folder:
        os.chdir(folder)
        sys.path.insert(0, str(folder))
        Path("tiny_teacher.py").write_text(MODULE)
        Path("tiny.toml").write_text(STUDY)
        Path("nothing.py").write_text(NOTHING)
        if given.nothing:
            for place in places:
                print(f"{place}: {given.nothing} cells of nothing in {_nothing(place, given)} s")
            return
        sys.exit(sum(not _try(place) for place in places))


class _Plain(argparse.RawDescriptionHelpFormatter):
    pass


@contextlib.contextmanager
def _folder(named: Path | None) -> Iterator[Path]:
    if named:
        named.mkdir(parents=True, exist_ok=True)
        yield named.resolve()
        return
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _try(place: str) -> bool:
    start = time.monotonic()
    with _cluster(place) as cluster:
        _wait(_study(f"whole-{place}", place, cluster))
        whole = time.monotonic() - start
        start = time.monotonic()
        out = f"broken-{place}"
        process = _study(out, place, cluster)
        done = _DISTURB[place](out, process, cluster)
        _wait(_study(out, place, cluster))
        took = time.monotonic() - start
    same = _records(out) == _records(f"whole-{place}")
    cells = len(_records(out))
    print(
        f"{place}: {cells} cells, whole {whole:.0f} s; {done}: {took:.0f} s; "
        f"records {'are the same' if same else 'DIFFER'}",
        flush=True,
    )
    return same and cells == 24


def _study(out: str, place: str, cluster: _Cluster | None) -> subprocess.Popen:
    code = "from autorecon.cli import main; main()"
    paths = os.pathsep.join([str(ROOT), str(Path.cwd())])
    own = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    if cluster:
        own["RAY_ADDRESS"] = cluster.cluster.address
    command = [
        sys.executable,
        "-c",
        code,
        "study",
        "tiny.toml",
        "-o",
        out,
        "--trust",
        "--on",
        place,
    ]
    with Path(f"{out}.log").open("ab") as log:
        return subprocess.Popen([*command, "--jobs", "2"], env=own, stdout=log, stderr=log)


def _wait(process: subprocess.Popen) -> None:
    if process.wait():
        sys.exit(f"the study ended with {process.returncode}: see *.log")


def _records(out: str) -> dict[str, CellRecord]:
    found = StudyFolder(Path(out)).log.read()
    # All but times and versions, among which is the commit.
    return {cell: attrs.evolve(record, seconds=0, software={}) for cell, record in found.items()}


def _until(what: Callable[[], object]) -> None:
    end = time.monotonic() + 300
    while not what():
        if time.monotonic() > end:
            sys.exit("nothing happened for five minutes: see *.log")
        time.sleep(0.02)


def _at(out: str, cells: int) -> None:
    """Wait until so many are done and another is in its middle."""
    _until(lambda: (Path(out) / "records.jsonl").exists() and len(_records(out)) >= cells)
    _until(lambda: any(Path(out).glob("work/*/metrics.jsonl")))


def _kill_caller(process: subprocess.Popen) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def _local(out: str, process: subprocess.Popen, cluster: _Cluster | None) -> str:
    _at(out, 8)
    _kill_caller(process)
    return f"caller killed at {len(_records(out))}"


def _slurm(out: str, process: subprocess.Popen, cluster: _Cluster | None) -> str:
    _at(out, 4)
    _kill_like("submitit.core._submit", 1)
    _at(out, 8)
    _kill_like("submitit.local._local", 1)
    _at(out, 12)
    _kill_caller(process)
    return f"a job, a controller and the caller killed at 4, 8 and {len(_records(out))}"


def _ray(out: str, process: subprocess.Popen, cluster: _Cluster | None) -> str:
    assert cluster
    _at(out, 4)
    _kill_like("ray::_do", 1)
    _at(out, 8)
    cluster.fail()
    cluster.join()
    _at(out, 12)
    _kill_caller(process)
    return f"a worker, a raylet and the caller killed at 4, 8 and {len(_records(out))}"


_DISTURB = {"local": _local, "slurm-here": _slurm, "ray": _ray}


def _kill_like(pattern: str, count: int) -> None:
    """Kill processes whose command holds this, of those that this trial started: they have its
    folder among their paths."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            own = bytes(Path.cwd()) in path.with_name("environ").read_bytes()
            if own and pattern.encode() in path.read_bytes() and count:
                os.kill(int(path.parent.name), signal.SIGKILL)
                count -= 1


@attrs.define
class _Cluster:
    """Two nodes of Ray on this machine, of one place each."""

    cluster: object
    second: object

    def fail(self) -> None:
        self.cluster.remove_node(self.second, allow_graceful=False)

    def join(self) -> None:
        self.second = self.cluster.add_node(num_cpus=1)


@contextlib.contextmanager
def _cluster(place: str) -> Iterator[_Cluster | None]:
    if place != "ray":
        yield None
        return
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(Path.cwd())])
    from ray.cluster_utils import Cluster

    head = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    try:
        yield _Cluster(head, head.add_node(num_cpus=1))
    finally:
        head.shutdown()


def _nothing(place: str, given: argparse.Namespace) -> str:
    study = read_study(STUDY, "tiny", {"seeds": given.nothing // 3 + 1})
    cells = plan(study)[: given.nothing]
    folder = StudyFolder(Path(f"nothing-{place}").resolve())
    folder.path.mkdir()
    start = time.monotonic()
    waiting, records = list(cells), 0
    import nothing

    doing = executor(place, folder, 2, study.cluster)
    doing.do = nothing.here if place == "local" else nothing.claimed
    with doing:
        while waiting or doing.running:
            while waiting and doing.free:
                doing.give(Task(waiting.pop(0)))
            records += sum(isinstance(end, CellRecord) for _, end in doing.events(60))
    assert records == given.nothing, records
    return f"{time.monotonic() - start:.0f}"


NOTHING = """
from autorecon.records.cells import CellRecord

def here(task, progress):
    return CellRecord(task.cell.id)

def claimed(folder, task, owner):
    folder.leave(task.cell, CellRecord(task.cell.id))
"""


if __name__ == "__main__":
    main()
