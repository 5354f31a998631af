"""A model beside its full precision, where they run: bytes, milliseconds, integer kernels."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import attrs
import torch
from torch import nn

from autorecon.compress.packed.load import student_file
from autorecon.compress.student import float_bytes
from autorecon.export import export_student
from autorecon.export.classifier import Classifier, of_runtime
from autorecon.export.errors import reason
from autorecon.export.processor import machine
from autorecon.export.runtime import Runtime, missing_packages
from autorecon.export.student_onnx import onnx_float
from autorecon.export.timing import interleaved
from autorecon.records.evaluation import Evaluation, Measured
from autorecon.records.files import write_record
from autorecon.records.packed import read_packed
from autorecon.records.results import Results
from autorecon.records.score import Score
from autorecon.runs import Progress, RunError, RunFolder
from autorecon.teachers import Teacher
from autorecon.workflow.prepare import Prepared
from autorecon.workflow.trained import network_of

BATCHES = (1, 32)
SECONDS = 3.0
"""Of each of these."""
BRIEF = 0.5
"""The same at the end of a run, which is not to wait for it."""

Build = Callable[[], nn.Module] | None


@attrs.frozen(eq=False)
class Subject:
    """What is measured: a file, and what its model computes with; `run_bytes` of what is run."""

    name: str
    bytes: int
    run_bytes: int
    classifier: Classifier

    def measured(self) -> Measured:
        kernels = self.classifier.products, self.classifier.integer
        return Measured(
            name=self.name,
            bytes=self.bytes,
            run_bytes=self.run_bytes,
            products=kernels[0],
            integer=kernels[1],
        )


def packed(
    file: Path,
    teacher: Teacher | None,
    build: Build,
    threads: int,
    trust: bool = False,
    given: str = "",
) -> Subject:
    """A compressed model, as the ONNX model that `autorecon export` makes of it.

    A network of one's own is built by `build`, or as `network_of` finds. Raises as
    `export_student`.
    """
    about, _ = read_packed(file)
    build = build or network_of(about, teacher.module if teacher else None, trust, given)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "student.onnx"
        export_student(file, path, build=build)
        content = path.read_bytes()
    runtime = Runtime.of(content, threads)
    classifier = of_runtime(runtime, about.image_shape, about.classes)
    name = f"{about.teacher} {about.bits or 'distilled'}"
    return Subject(name, file.stat().st_size, len(content), classifier)


def full_precision(teacher: Teacher, engine: str, threads: int) -> Subject:
    """The teacher, computed by the same engine."""
    size, shape, classes = round(float_bytes(teacher.module)), teacher.image_shape, teacher.classes
    if engine == "torch":
        return Subject(teacher.name, size, size, Classifier(teacher.module, shape, classes, engine))
    content = onnx_float(copy.deepcopy(teacher.module).cpu(), shape, name=teacher.name)
    runtime = Runtime.of(content, threads)
    return Subject(teacher.name, size, len(content), of_runtime(runtime, shape, classes))


@torch.no_grad()
def timed(
    source: str, own: Subject, full: Subject | None, threads: int, seconds: float | None = None
) -> Evaluation:
    """Both of them in turn, a size of batch after the other, each for so many seconds."""
    given = own.classifier
    batches = BATCHES if given.batch is None else (given.batch,)
    subjects = [own, full] if full else [own]
    timings = []
    for batch in batches:
        random = torch.Generator().manual_seed(0)
        images = torch.randn(batch, *given.image_shape, generator=random)
        runs = [partial(subject.classifier.answers, images) for subject in subjects]
        timings.append(interleaved(runs, batch, SECONDS if seconds is None else seconds))
    own_timed, *rest = [
        attrs.evolve(subject.measured(), timings=list(found))
        for subject, found in zip(subjects, zip(*timings, strict=True), strict=True)
    ]
    return Evaluation(
        source=source,
        machine=machine(given.engine, threads),
        model=own_timed,
        full=rest[0] if rest else None,
    )


def scored(
    found: Evaluation, own: Score | None, full: Score | None, data: str, images: int
) -> Evaluation:
    """The same with what the two answer on so many images of some data."""
    assert found.model
    return attrs.evolve(
        found,
        model=attrs.evolve(found.model, score=own),
        full=found.full and attrs.evolve(found.full, score=full),
        data=data,
        images=images,
    )


def measure_run(
    folder: RunFolder, prepared: Prepared, results: Results, progress: Progress
) -> None:
    """Leave evaluation.json of a run that has just ended, where ONNX Runtime is installed.

    Whatever goes wrong is told there, and the run has ended all the same.
    """
    if missing_packages() or folder.evaluation_path.exists():
        return
    progress.say("measuring it in ONNX Runtime")
    try:
        found = _of_run(folder, prepared, results)
    # A measurement is never worth a run.
    except Exception as error:
        found = Evaluation(source=folder.path.name, problem=reason(error))
    try:
        write_record(folder.evaluation_path, found)
    except RunError as error:
        progress.say(f"warning: no measurement is kept: {error}")


def _of_run(folder: RunFolder, prepared: Prepared, results: Results) -> Evaluation:
    file, teacher = student_file(folder.path), prepared.teacher
    full = full_precision(teacher, "onnxruntime", 1)
    own = packed(file, teacher, None, 1, given=prepared.config.compress.student)
    found = timed(folder.path.name, own, full, 1, BRIEF)
    if results.data is None:
        return found
    row = next(row for row in results.rows if row.stem == file.stem)
    beside = Score(results.teacher.accuracy, 100.0, 0.0)
    return scored(found, row.last, beside, results.data.name, results.data.test_images)
