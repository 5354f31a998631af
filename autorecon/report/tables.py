"""The page's tables as rows of text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import attrs

from autorecon.graph.draw.labels import size_text
from autorecon.lang.wording import plural
from autorecon.records.coverage import Coverage
from autorecon.records.results import Results, Site
from autorecon.report.figures import seed_strips
from autorecon.report.inputs import Inputs
from autorecon.report.wording import DASH, nats, percent, spread


@attrs.frozen
class ModelRow:
    """The teacher, or all students of one generator."""

    label: str
    detail: str
    colour: str
    last: str
    calibrated: str = DASH
    best: str = DASH
    agreement: str = DASH
    divergence: str = DASH
    strip: str = ""
    parameters: str = DASH
    macs: str = DASH
    coverage: Coverage | None = None


@attrs.frozen
class SiteGroup:
    """Places of one kind that are treated alike; `values` is the number of weights in them."""

    kind: str
    reason: str
    names: list[str]
    values: int


def model_rows(results: Results, colours: Mapping[str, str]) -> list[ModelRow]:
    """Full precision first, then a row a generator, with mean and spread over its seeds."""
    teacher = results.teacher
    detail = f"full precision, {size_text(teacher.parameters)} parameters"
    first = ModelRow(teacher.name, detail, "muted", percent(results.full_precision))
    if measured_beside(results):
        first = attrs.evolve(first, agreement=percent(100.0), divergence="0")
    strips, _ = seed_strips(results, colours)
    rows = [first]
    for summary in results.summary:
        generator = results.generator_of(summary.generator)
        about = f"{generator.space}, " if generator else ""
        row = ModelRow(
            summary.generator,
            f"{about}{results.compressed}, {plural(summary.runs, 'seed')}",
            colours[summary.generator],
            spread(summary.last),
            spread(summary.calibrated),
            spread(summary.best),
            spread(summary.agreement),
            nats(summary.divergence),
            strips.get(summary.generator, ""),
            coverage=results.coverage,
        )
        if generator:
            costs = size_text(generator.parameters), size_text(generator.macs)
            row = attrs.evolve(row, parameters=costs[0], macs=costs[1])
        rows.append(row)
    return rows


def measured_beside(results: Results) -> bool:
    """Whether students were measured beside the teacher, as files of format 1 know nothing of."""
    return any(summary.agreement for summary in results.summary)


def scale(results: Results, colours: Mapping[str, str]) -> tuple[str, str] | None:
    """The ends of the scale on which the seeds are drawn, in percent."""
    strips, (low, high) = seed_strips(results, colours)
    return (f"{low:.0f}", f"{high:.0f} %") if strips else None


def site_groups(sites: list[Site]) -> tuple[list[SiteGroup], list[SiteGroup]]:
    """What is quantized, by width, and what is not, by reason; in the order of the model."""
    grouped: dict[tuple[int | None, str, str], list[Site]] = defaultdict(list)
    for site in sites:
        grouped[(site.bits, site.kind, site.reason)].append(site)
    quantized: list[SiteGroup] = []
    left: list[SiteGroup] = []
    for (bits, kind, reason), members in grouped.items():
        text = reason if bits is None else f"{plural(bits, 'bit')}: {reason}".removesuffix(": ")
        names, values = [site.name for site in members], sum(site.values for site in members)
        (left if bits is None else quantized).append(SiteGroup(kind, text, names, values))
    return quantized, left


def warnings(inputs: Inputs) -> list[str]:
    """A line a student that warned: its first warning, and how many more there are."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in inputs.results.rows if inputs.results else []:
        found[f"{row.generator}, seed {row.seed}"] += row.warnings
    for student in inputs.history.students:
        found[f"{student.label}, seed {student.seed}"] += student.warnings
    return [_first(who, list(dict.fromkeys(texts))) for who, texts in found.items() if texts]


def _first(who: str, texts: list[str]) -> str:
    more = f" (and {plural(len(texts) - 1, 'later warning')})" if len(texts) > 1 else ""
    return f"{who}: {texts[0]}{more}"
