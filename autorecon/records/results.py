"""results.json: what a finished run says of itself."""

from __future__ import annotations

from pathlib import Path

import attrs

from autorecon.image_size import Size
from autorecon.records.coverage import Coverage
from autorecon.records.files import read_record
from autorecon.records.score import Score

FORMAT = 2
READ = (1, FORMAT)
"""Format 1 has accuracies where there are scores now."""


@attrs.frozen
class Teacher:
    """The model that was compressed; `accuracy` is its top-1 in percent, where there are labels.

    `size` is that of its images, `changes` what was done to it when it was loaded.
    """

    name: str
    classes: int
    channels: int
    size: Size
    parameters: int
    accuracy: float | None = None
    changes: list[str] = attrs.Factory(list)


@attrs.frozen
class Data:
    """What students were measured on, images of the teacher's size; `about` says more of them.

    `invented` are images that no camera took and no student learned from, for want of others.
    """

    name: str
    test_images: int
    class_names: list[str]
    about: str = ""
    invented: bool = False


@attrs.frozen
class Generator:
    """A generator that students were trained with; `file` is its text in the folder."""

    label: str
    space: str
    file: str
    parameters: int
    macs: int


@attrs.frozen
class Row:
    """One student: a generator's, of one seed; without figures where it diverged."""

    generator: str
    seed: int
    calibrated: Score | None = None
    last: Score | None = None
    best: Score | None = None
    best_epoch: int | None = None
    warnings: list[str] = attrs.Factory(list)

    @property
    def stem(self) -> str:
        """What its files in compressed/ are called, without endings."""
        return f"{self.generator}-seed{self.seed}"


@attrs.frozen
class Spread:
    """Mean and sample standard deviation over seeds; there is none of a single one."""

    mean: float
    std: float | None = None


@attrs.frozen
class Summary:
    """All students of one generator: figures, as `Score.figure`, and more of their last epochs."""

    generator: str
    runs: int
    calibrated: Spread | None = None
    last: Spread | None = None
    best: Spread | None = None
    agreement: Spread | None = None
    divergence: Spread | None = None


@attrs.frozen
class Difference:
    """`of` is "A - B"; mean and std of the last epochs' figures' differences, seed by seed."""

    of: str
    runs: int
    mean: float
    std: float | None


@attrs.frozen
class SearchSummary:
    """The search; `architectures` is a decimal number of any length."""

    space: str
    architectures: str
    strategy: str
    epochs: int
    seconds: float


@attrs.frozen
class Site:
    """A place in the student, and its width: `bits` is None where it stays in full precision.

    `values` is the number of weights there, 0 for an activation.
    """

    name: str
    kind: str
    bits: int | None
    reason: str
    values: int = 0


@attrs.frozen(kw_only=True)
class Results:
    """The whole file; a student has `bits`, or the name of its own architecture.

    `labelled` says that images were asked to be of a class; `seconds` are by stage.
    """

    format: int = FORMAT
    method: str = "gdfq"
    bits: str
    student: str = ""
    ranges: str = ""
    labelled: bool = True
    seeds: list[int]
    teacher: Teacher
    data: Data | None = None
    generators: list[Generator] = attrs.Factory(list)
    rows: list[Row] = attrs.Factory(list)
    summary: list[Summary] = attrs.Factory(list)
    difference: Difference | None = None
    search: SearchSummary | None = None
    sites: list[Site] = attrs.Factory(list)
    coverage: Coverage | None = None
    seconds: dict[str, float] = attrs.Factory(dict)
    software: dict[str, str] = attrs.Factory(dict)

    @property
    def figure(self) -> str:
        """What `Score.figure` is here: accuracy, or agreement where no image has a label."""
        scores = [row.last for row in self.rows if row.last]
        return "accuracy" if all(s.accuracy is not None for s in scores) else "agreement"

    @property
    def full_precision(self) -> float | None:
        """The teacher's own figure, in percent; it agrees with itself."""
        return self.teacher.accuracy if self.figure == "accuracy" else 100.0

    @property
    def compressed(self) -> str:
        """What the teacher became: w3a3, or resnet18."""
        return self.bits or self.student

    def generator_of(self, label: str) -> Generator | None:
        """The generator of that label."""
        return next((g for g in self.generators if g.label == label), None)


def read_results(path: Path) -> Results | None:
    """The file's content; None if there is no file. Raises RecordError if it is not results."""
    return read_record(path, Results, formats=READ)
