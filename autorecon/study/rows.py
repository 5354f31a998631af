"""A study's records as rows: one a teacher, setting and variant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping

import attrs

from autorecon.records.cells import CellRecord, Made
from autorecon.study.cells import Cell
from autorecon.study.spec import Study
from autorecon.study.statistics import Paired, Sample, paired, sample

Records = Mapping[str, "CellRecord | None"]
"""By the id of the cell; None where nothing has been done."""


@attrs.frozen
class Figure:
    """A published figure in percent, and of what it is."""

    accuracy: float
    of: str


@attrs.frozen
class Row:
    """One variant over all seeds; `difference` is to the row named `against`, of accuracies, or of
    agreement with the teacher where images have no labels.

    `parameters` and `macs` are means over the generators that were used, None without any.
    `failures` are reasons, with the number of runs that ended so.
    """

    teacher: str
    setting: str
    variant: str
    full_precision: float | None
    runs: int
    missing: int
    accuracy: Sample | None
    calibrated: Sample | None
    against: str
    difference: Paired | None
    parameters: float | None
    macs: float | None
    published: Figure | None
    failures: dict[str, int]
    warnings: int
    agreement: Sample | None = None
    divergence: Sample | None = None

    @property
    def figure(self) -> Sample | None:
        """What rows are compared by, as `Score.figure`."""
        return self.agreement if self.accuracy is None else self.accuracy


def rows(study: Study, cells: Iterable[Cell], records: Records) -> list[Row]:
    """In the order of teachers, settings and variants, those without any figure as well."""
    groups: dict[tuple[str, str], dict[str, list[CellRecord | None]]] = {}
    for cell in sorted(cells, key=_order(study)):
        if cell.kind == "compress":
            group = groups.setdefault((cell.teacher, cell.setting), {})
            group.setdefault(cell.variant, []).append(records[cell.id])
    return [
        _row(study, teacher, setting, variant, group)
        for (teacher, setting), group in groups.items()
        for variant in group
    ]


def _order(study: Study) -> Callable[[Cell], tuple[int, ...]]:
    teachers = [teacher.name for teacher in study.networks]
    settings = [*study.bits, *study.students]
    variants = [variant.name for variant in study.variant]

    def key(cell: Cell) -> tuple[int, ...]:
        if cell.kind != "compress":
            return ()
        place = settings.index(cell.setting), variants.index(cell.variant)
        return (teachers.index(cell.teacher), *place, cell.seed)

    return key


def _row(
    study: Study,
    teacher: str,
    setting: str,
    variant: str,
    group: Mapping[str, list[CellRecord | None]],
) -> Row:
    own = group[variant]
    known = [record for record in own if record]
    figures = _figures(own)
    against = _against(study, variant, group)
    compared = bool(against) and against != variant
    made = [record.generator for record in known if record.generator]
    return Row(
        teacher,
        setting,
        variant,
        next((r.full_precision for r in known if r.full_precision is not None), None),
        runs=len(own),
        missing=sum(record is None for record in own),
        accuracy=_sample(known, "accuracy"),
        agreement=_sample(known, "agreement"),
        divergence=_sample(known, "divergence"),
        calibrated=_sample(known, "calibrated"),
        against=against if compared else "",
        difference=paired(figures, _figures(group[against])) if compared else None,
        parameters=_mean(made, "parameters"),
        macs=_mean(made, "macs"),
        published=_published(study, teacher, setting, variant),
        failures=_failures(known),
        warnings=sum(bool(record.warnings) for record in known),
    )


def _against(study: Study, variant: str, group: Container[str]) -> str:
    """The variant of the group that differences are to, if any is."""
    own = next(v.against for v in study.variant if v.name == variant)
    return next((name for name in filter(None, (own, *study.compare)) if name in group), "")


def _figures(records: list[CellRecord | None]) -> dict[int, float]:
    """What is compared, by seed; records are in the order of seeds."""
    found = enumerate(records)
    return {seed: r.figure for seed, r in found if r and r.figure is not None}


def _sample(records: list[CellRecord], name: str) -> Sample | None:
    return sample([v for record in records if (v := getattr(record, name)) is not None])


def _mean(made: list[Made], name: str) -> float | None:
    return sum(getattr(one, name) for one in made) / len(made) if made else None


def _failures(records: list[CellRecord]) -> dict[str, int]:
    counted: dict[str, int] = defaultdict(int)
    for record in records:
        if record.error:
            counted[record.error] += 1
    return dict(counted)


def _published(study: Study, teacher: str, setting: str, variant: str) -> Figure | None:
    for entry in study.published:
        figure = entry.figures.get(variant, {}).get(setting)
        if teacher in entry.teachers and figure is not None:
            return Figure(figure, f"{entry.of} ({entry.source})")
    return None
