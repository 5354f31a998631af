"""evaluation.json: a model measured where it runs, beside the network that it was made of."""

from __future__ import annotations

from pathlib import Path

import attrs

from autorecon.records.files import read_record
from autorecon.records.score import Score

FORMAT = 1


@attrs.frozen
class Timing:
    """Milliseconds an image in calls of `batch`: the median of so many, and the range of the half
    of them that is nearest to it (the interquartile range)."""

    batch: int
    median: float
    spread: float
    calls: int


@attrs.frozen(kw_only=True)
class Measured:
    """A model: `bytes` of its file or, of a full precision network, of its weights as float32;
    `run_bytes` of what was run. Of its convolutions and products so many are computed with
    `integer` kernels; 0 of 0 where that is not known."""

    name: str
    bytes: int
    run_bytes: int
    score: Score | None = None
    timings: list[Timing] = attrs.Factory(list)
    products: int = 0
    integer: int = 0

    def timing(self, batch: int) -> Timing | None:
        """Of that many images at a time, if it was measured."""
        return next((timing for timing in self.timings if timing.batch == batch), None)


@attrs.frozen(kw_only=True)
class Machine:
    """What computed: `engine` with its version, on so many threads of a processor.

    `integer_units` are those of VNNI and AMX that it has; None where that is not known.
    """

    engine: str
    threads: int
    processor: str
    integer_units: list[str] | None = None

    @property
    def text(self) -> str:
        """All of it in a line."""
        units = self.integer_units
        known = "VNNI and AMX unknown" if units is None else " and ".join(units)
        threads = "1 thread" if self.threads == 1 else f"{self.threads} threads"
        having = f"with {known}" if known else "without VNNI and AMX"
        return f"{self.engine}, {threads} of {self.processor} {having}"


@attrs.frozen(kw_only=True)
class Evaluation:
    """The whole: `model` is that of `source`, `full` the network in full precision where it is
    known. `data` names the images that scores are of. Instead of these there may be a `problem`."""

    format: int = FORMAT
    source: str
    machine: Machine | None = None
    model: Measured | None = None
    full: Measured | None = None
    data: str = ""
    images: int = 0
    problem: str = ""

    @property
    def batches(self) -> list[int]:
        """The sizes of batches that were timed."""
        return [timing.batch for timing in self.model.timings] if self.model else []

    @property
    def kernels(self) -> str:
        """How much of the model is computed with integers; "" where that is not known."""
        if not self.model or not self.model.products:
            return ""
        return (
            f"{self.model.integer} of {self.model.products} convolutions and products are computed "
            "with integers"
        )

    def faster(self, batch: int) -> float | None:
        """How many times as fast as in full precision the model is."""
        full, own = (part and part.timing(batch) for part in (self.full, self.model))
        return full.median / own.median if full and own and own.median else None


def read_evaluation(path: Path) -> Evaluation | None:
    """What the file holds; None if there is none. Raises RecordError if it is something else."""
    return read_record(path, Evaluation, formats=[FORMAT])
