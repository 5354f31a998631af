"""results.json: what a finished run says of itself. Accuracies are in percent."""

from __future__ import annotations

from pathlib import Path

import attrs

from autorecon.records.files import read_record

FORMAT = 1


@attrs.frozen
class Teacher:
    """The model that was compressed."""

    name: str
    classes: int
    channels: int
    size: int
    parameters: int
    accuracy: float | None = None


@attrs.frozen
class Data:
    """What the accuracies were measured on."""

    name: str
    size: int
    test_images: int
    class_names: list[str]


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
    calibrated: float | None = None
    last: float | None = None
    best: float | None = None
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
    """All students of one generator."""

    generator: str
    runs: int
    calibrated: Spread | None = None
    last: Spread | None = None
    best: Spread | None = None


@attrs.frozen
class Difference:
    """`of` is "A - B"; mean and std of the last epochs' differences, seed by seed."""

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
    seconds: dict[str, float] = attrs.Factory(dict)
    software: dict[str, str] = attrs.Factory(dict)

    @property
    def compressed(self) -> str:
        """What the teacher became: w3a3, or resnet18."""
        return self.bits or self.student

    def generator_of(self, label: str) -> Generator | None:
        """The generator of that label."""
        return next((g for g in self.generators if g.label == label), None)


def read_results(path: Path) -> Results | None:
    """The file's content; None if there is no file. Raises RecordError if it is not results."""
    return read_record(path, Results, only=FORMAT)
