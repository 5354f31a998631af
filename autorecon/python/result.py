"""What a compression in Python brought."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property
from html import escape
from pathlib import Path

import attrs
from torch import nn

from autorecon.compress.packed.load import load_compressed, student_file
from autorecon.compress.packed.model import CompressedModel
from autorecon.export import export_student
from autorecon.graph.draw.labels import size_text
from autorecon.python.job import Place
from autorecon.records.coverage import Coverage
from autorecon.records.files import read_record
from autorecon.records.packed import read_packed
from autorecon.records.results import Results
from autorecon.records.score import Score
from autorecon.records.students import Student
from autorecon.runs import RunError, RunFolder, replacing
from autorecon.workflow.config import read_config
from autorecon.workflow.trained import network_of


@attrs.frozen(eq=False, slots=False)
class Result:
    """A student with its figures; the run's `folder` holds the rest, report.html by
    `autorecon report`. It is a temporary one where no `out` was given."""

    folder: Path
    results: Results
    student: Student
    file: Path
    _build: Callable[[], nn.Module] | None

    @classmethod
    def of(cls, folder: RunFolder, results: Results, teacher: nn.Module) -> Result:
        """That of a run of a teacher which has ended."""
        file = student_file(folder.path)
        student = read_record(file.with_suffix(".json"), Student)
        if student is None:
            raise RunError(f"{file.with_suffix('.json')} is gone, which says what {file} is")
        about, _ = read_packed(file)
        # What the run names was imported by it.
        build = network_of(about, teacher, given=read_config(folder.config).compress.student)
        return cls(folder.path, results, student, file, build)

    @cached_property
    def model(self) -> CompressedModel:
        """The compressed model, of its file: it answers as the student did."""
        return load_compressed(self.file, build=self._build)

    @property
    def coverage(self) -> Coverage | None:
        """How much of the network is quantized; None of a distilled one."""
        return self.student.coverage

    @property
    def score(self) -> Score | None:
        """How it answered the test images after the last step, or invented ones without data."""
        return self.student.last

    @property
    def bytes(self) -> int:
        """Of the file."""
        return self.file.stat().st_size

    def save(self, path: Place) -> Path:
        """Copy the model's file, which `autorecon.load_compressed` reads. Raises RunError."""
        with replacing(Path(path)) as temporary:
            shutil.copyfile(self.file, temporary)
        return Path(path)

    def export(self, path: Place, *, weights_as: str = "int8", force: bool = False) -> Path:
        """Write the model as a file that needs no AutoReCon: `.onnx`, with integers, or `.pt2`.

        It is run and compared first. Raises ExportError.
        """
        export_student(self.file, path, build=self._build, weights_as=weights_as, force=force)
        return Path(path)

    def __repr__(self) -> str:
        facts = ", ".join(f"{name} {value}" for name, value in self._facts().items())
        return f"<Result: {facts}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align: left'>{escape(name)}</th><td>{escape(value)}</td></tr>"
            for name, value in self._facts().items()
        )
        return f"<table>{rows}</table>"

    def _facts(self) -> dict[str, str]:
        before, of = self.student.weight_bytes["teacher"], self.results.teacher
        facts = {
            "teacher": of.name,
            "compressed to": f"{self.results.compressed} by {self.results.method}",
            "bytes": f"{size_text(self.bytes)} of {size_text(round(before))}",
        }
        if self.coverage:
            facts["multiply-accumulates quantized"] = f"{self.coverage.share_of_macs:.1%}"
        if self.score and self.score.accuracy is not None:
            facts["accuracy"] = f"{self.score.accuracy:.2f} % (full precision {of.accuracy:.2f} %)"
        if self.score and self.score.agreement is not None:
            invented = self.results.data is not None and self.results.data.invented
            where = " on invented images" if invented else ""
            facts["agreement with the teacher"] = f"{self.score.agreement:.2f} %{where}"
        if self.student.warnings:
            facts["warning"] = "; ".join(self.student.warnings)
        return facts
