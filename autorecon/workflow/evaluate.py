"""A run's student or any model's file measured: what it answers, on which images, and how fast."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import attrs
from torch import nn

from autorecon import teachers
from autorecon.compress.packed.load import student_file
from autorecon.export.classifier import Classifier, disk_bytes, of_archive, of_onnx
from autorecon.export.errors import ExportError
from autorecon.export.runtime import require_runtime
from autorecon.records.evaluation import Evaluation
from autorecon.records.packed import read_packed
from autorecon.records.score import Score
from autorecon.runs import RunFolder
from autorecon.teachers import Teacher, TeacherError
from autorecon.workflow.config import ConfigError, RunConfig, TeacherConfig, read_config
from autorecon.workflow.exam import Exam
from autorecon.workflow.invented import KEPT, kept_exam
from autorecon.workflow.measure import Subject, full_precision, packed, scored, timed
from autorecon.workflow.prepare import load_data, load_teacher
from autorecon.workflow.stages import set_threads
from autorecon.workflow.trust import networks_of, require_trust

ENDINGS = (".safetensors", ".onnx", ".pt2")
Build = Callable[[], nn.Module] | None


@attrs.frozen(kw_only=True)
class Question:
    """What to measure: a run's folder or a file, with what its teacher and the data are.

    Of the `config` that section counts, and of that the settings that are `given`; a run has its
    own for all others. `trusted` allows a `.pt2` to be loaded, which torch unpickles, and
    what a run or a file names to be imported.
    """

    source: Path
    config: RunConfig
    given: Collection[str]
    threads: int = 1
    build: Build = None
    trusted: bool = False

    @property
    def is_packed(self) -> bool:
        return self.source.is_dir() or self.source.suffix == ".safetensors"


def evaluate(asked: Question) -> Evaluation:
    """Raises the error of whatever is missing or does not fit, as early as it can be told."""
    _check(asked)
    set_threads(asked.threads)
    asked = _with_run(asked)
    teacher = _teacher(asked)
    exam = _exam(asked, teacher) if teacher else None
    own = _subject(asked, teacher)
    if teacher is None:
        exam = _exam(asked, _alone(own, asked.config.teacher))
        _require_labels(exam, own)
    else:
        _check_fits(teacher, own)
    engine = own.classifier.engine
    full = full_precision(teacher, engine, asked.threads) if teacher else None
    found = timed(str(asked.source), own, full, asked.threads)
    if exam is None:
        return found
    answers = own.classifier.module
    if teacher is None:
        score, beside = Score(exam.accuracy), None
    else:
        score, beside = exam.score(answers), exam.score(exam.teacher)
    return scored(found, score, beside, exam.data.name, exam.data.test_images)


def _check(asked: Question) -> None:
    source = asked.source
    if not source.is_dir() and source.suffix not in ENDINGS:
        raise ExportError(
            f"{source} is no run's folder, and ends in none of {', '.join(ENDINGS)}: the weights "
            "of a network that was not compressed are a teacher's, with --teacher and --weights"
        )
    if not source.is_dir() and not source.is_file():
        raise ExportError(f"{source} is neither a file nor a folder: a pipe is not waited for")
    if source.suffix != ".pt2":
        require_runtime()
    elif not asked.trusted:
        raise ExportError(
            f"{source} is unpickled by torch, which runs whatever is in it: if it is yours, or of "
            "somebody you trust, add --trust"
        )


def _with_run(asked: Question) -> Question:
    """Of a run the settings of its own where none are given."""
    if not asked.source.is_dir() or "name" in asked.given:
        return asked
    student_file(asked.source)  # a run that is not finished is told first
    config = read_config(RunFolder.open(asked.source).config)
    require_trust(networks_of(config), asked.source, asked.trusted)
    own = {name: getattr(asked.config.teacher, name) for name in asked.given}
    config = attrs.evolve(config, teacher=attrs.evolve(config.teacher, **own))
    return attrs.evolve(asked, config=config)


def _teacher(asked: Question) -> Teacher | None:
    """The network that a model was made of, where it is known."""
    if asked.source.is_dir() or "name" in asked.given:
        try:
            return load_teacher(asked.config)
        except TeacherError as error:
            if asked.source.is_dir() and asked.config.teacher.weights:
                error.add_note("--weights FILE says where they are; `autorecon export` needs none")
            raise
    if asked.source.suffix != ".safetensors":
        return None
    about, _ = read_packed(asked.source)
    return teachers.load(about.teacher) if about.teacher in teachers.names() else None


def _exam(asked: Question, teacher: Teacher) -> Exam | None:
    """Images: those that are asked for, else those that a run measured on."""
    kept = asked.source / KEPT
    if "data" not in asked.given and asked.source.is_dir() and kept.exists():
        return kept_exam(kept, teacher)
    dataset = load_data(asked.config, teacher)
    return Exam.of(teacher.module, dataset) if dataset else None


def _subject(asked: Question, teacher: Teacher | None) -> Subject:
    source, size = asked.source, asked.config.teacher.size
    if asked.is_packed:
        return packed(student_file(source), teacher, asked.build, asked.threads, asked.trusted)
    if size is None and teacher:
        size = teacher.size
    if source.suffix == ".pt2":
        made = of_archive(source, size)
    else:
        made = of_onnx(source, size, asked.threads)
    return Subject(source.name, disk_bytes(source), disk_bytes(source), made)


def _alone(own: Subject, config: TeacherConfig) -> Teacher:
    """A model of which no teacher is known, with what is told of its images."""
    made = own.classifier
    return Teacher(
        own.name, made.module, made.classes, made.image_shape, mean=config.mean, std=config.std
    )


def _require_labels(exam: Exam | None, own: Subject) -> None:
    if exam and next(iter(exam.batches()))[1] is None:
        raise ConfigError(
            f"{exam.data.name} has no labels, and {own.name} no teacher to agree with: name one "
            "with --teacher, or images of known classes"
        )


def _check_fits(teacher: Teacher, own: Subject) -> None:
    made: Classifier = own.classifier
    mine, theirs = ((f.classes, list(f.image_shape)) for f in (made, teacher))
    if mine != theirs:
        raise ConfigError(
            f"{own.name} tells {mine[0]} classes of images of {mine[1]} apart, and its teacher "
            f"{teacher.name} {theirs[0]} of {theirs[1]}: name another --teacher"
        )
