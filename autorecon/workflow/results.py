"""results.json: what a run brought, as figures with their spread."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from autorecon.graph import Space
from autorecon.lang.wording import plural
from autorecon.records.files import write_record
from autorecon.records.results import (
    Difference,
    Generator,
    Results,
    Row,
    SearchSummary,
    Spread,
    Summary,
    Teacher,
)
from autorecon.records.score import Score
from autorecon.records.students import Student
from autorecon.runs import RunFolder, read_stages
from autorecon.workflow.prepare import Prepared

_STAGES = ("search", "select", "invented images", "compress")


def write_results(
    folder: RunFolder,
    prepared: Prepared,
    generators: Mapping[str, tuple[str, Space] | None],
    results: Sequence[Student | Row],
) -> Results:
    """Collect and write the figures of a run. `generators`: label -> (file, space), or None.

    A student that diverged is a row without figures, and counts for no mean or difference.
    """
    ended = [result for result in results if isinstance(result, Student)]
    measured = [student.row for student in ended]
    config, seconds = prepared.config, _seconds(folder)
    written = Results(
        method=config.compress.method,
        bits=str(config.compress.bits),
        student=config.compress.student,
        ranges=config.compress.ranges,
        labelled=all(student.labelled for student in ended),
        seeds=list(config.seeds),
        teacher=_teacher(prepared),
        data=prepared.exam.data if prepared.exam else None,
        generators=[_generator(label, *which) for label, which in generators.items() if which],
        rows=[result.row if isinstance(result, Student) else result for result in results],
        summary=[_summary(label, measured) for label in generators],
        difference=_difference(measured, list(generators)),
        search=_search(prepared, seconds) if "search" in seconds else None,
        sites=ended[0].sites if ended else [],
        coverage=ended[0].coverage if ended else None,
        seconds=seconds,
        software=dict(config.software),
    )
    write_record(folder.results_path, written)
    return written


def lost_rows(folder: RunFolder, epochs: Mapping[str, int]) -> list[str]:
    """What metrics.jsonl lacks of stages that are done, with so many rows each, in words; pages and
    times are without it."""
    damaged: list[str] = []
    found = Counter(row.get("stage") for row in read_stages(folder.metrics_path, damaged))
    return damaged + [
        f"{folder.metrics_path} lacks {count - found[stage]} of {plural(count, 'row')} of {stage}"
        for stage, count in epochs.items()
        if found[stage] < count
    ]


def _teacher(prepared: Prepared) -> Teacher:
    teacher = prepared.teacher
    parameters = sum(p.numel() for p in teacher.module.parameters())
    return Teacher(
        teacher.name,
        teacher.classes,
        teacher.channels,
        teacher.size,
        parameters,
        prepared.exam.accuracy if prepared.exam else None,
        list(teacher.changes),
    )


def _generator(label: str, file: str, space: Space) -> Generator:
    return Generator(label, space.name, file, space.cost.parameters.max, space.cost.macs.max)


def _summary(label: str, rows: Sequence[Row]) -> Summary:
    own = [row for row in rows if row.generator == label]
    last = [row.last or Score() for row in own]
    return Summary(
        label,
        len(own),
        spread([_figure(row.calibrated) for row in own]),
        spread([_figure(row.last) for row in own]),
        spread([_figure(row.best) for row in own]),
        spread([score.agreement for score in last]),
        spread([score.divergence for score in last]),
    )


def _figure(score: Score | None) -> float | None:
    return score.figure if score else None


def spread(values: Sequence[float | None]) -> Spread | None:
    """Of figures that are all there; None when any is missing."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return Spread(statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None)


def _difference(rows: Sequence[Row], labels: list[str]) -> Difference | None:
    """The last generator's figure minus the first's, seed by seed."""
    if len(labels) != 2:
        return None
    first, second = ({r.seed: _figure(r.last) for r in rows if r.generator == x} for x in labels)
    paired = [
        None if ours is None or theirs is None else ours - theirs
        for seed, theirs in first.items()
        if seed in second
        for ours in [second[seed]]
    ]
    found = spread(paired)
    of = f"{labels[1]} - {labels[0]}"
    return Difference(of, len(paired), found.mean, found.std) if found else None


def _search(prepared: Prepared, seconds: Mapping[str, float]) -> SearchSummary:
    space, config = prepared.space, prepared.config.search
    size = str(space.architectures)
    return SearchSummary(space.name, size, config.strategy, config.epochs, seconds["search"])


def _seconds(folder: RunFolder) -> dict[str, float]:
    """Time by stage, from the metrics' rows; those that are damaged count for none."""
    total: dict[str, float] = {}
    for row in read_stages(folder.metrics_path, damaged=[]):
        stage = row["stage"].partition("/")[0]
        total[stage] = round(total.get(stage, 0.0) + row.get("seconds", 0.0), 3)
    # Those of a stage that was done again come later in the file.
    known = [stage for stage in _STAGES if stage in total]
    return {stage: total[stage] for stage in [*known, *sorted(total.keys() - {*known})]}
