"""results.json: what a run brought, as figures with their spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from autorecon.graph import Space
from autorecon.runs import RunFolder, read_lines, write_text
from autorecon.workflow.prepare import Prepared

FORMAT = 1


def write_results(
    folder: RunFolder,
    prepared: Prepared,
    generators: Mapping[str, tuple[str, Space] | None],
    results: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Collect and write the figures of a run. `generators`: label -> (file, space), or None.

    A result that is `diverged` is a row without figures, and counts for no mean or difference.
    """
    ended = [result for result in results if "diverged" not in result]
    measured = [_row(result) for result in ended]
    seconds = _seconds(folder)
    values = {
        "format": FORMAT,
        "method": prepared.config.compress.method,
        "bits": prepared.config.compress.bits,
        "student": prepared.config.compress.student,
        "ranges": prepared.config.compress.ranges,
        "labelled": all(result.get("labelled", True) for result in ended),
        "seeds": list(prepared.config.seeds),
        "teacher": _teacher(prepared),
        "data": _data(prepared),
        "generators": [_generator(label, *which) for label, which in generators.items() if which],
        "rows": [_row(result) for result in results],
        "summary": [_summary(label, measured) for label in generators],
        "difference": _difference(measured, list(generators)),
        "search": _search(prepared, seconds) if "search" in seconds else None,
        "sites": ended[0]["sites"] if ended else [],
        "seconds": seconds,
        "software": dict(prepared.config.software),
    }
    write_text(folder.results_path, json.dumps(values, indent=1) + "\n")
    return values


def _row(result: Mapping[str, Any]) -> dict[str, Any]:
    keys = ("generator", "seed", "calibrated", "last", "best", "best_epoch", "warnings")
    return {key: result.get(key) for key in keys}


def _teacher(prepared: Prepared) -> dict[str, Any]:
    teacher = prepared.teacher
    parameters = sum(p.numel() for p in teacher.module.parameters())
    return {
        "name": teacher.name,
        "classes": teacher.classes,
        "channels": teacher.channels,
        "size": teacher.size,
        "parameters": parameters,
        "accuracy": prepared.full_precision,
    }


def _data(prepared: Prepared) -> dict[str, Any] | None:
    dataset = prepared.dataset
    if dataset is None:
        return None
    return {
        "name": dataset.name,
        "size": dataset.size,
        "test_images": len(dataset.test),
        "class_names": list(dataset.class_names),
    }


def _generator(label: str, file: str, space: Space) -> dict[str, Any]:
    return {
        "label": label,
        "space": space.name,
        "file": file,
        "parameters": space.cost.parameters.max,
        "macs": space.cost.macs.max,
    }


def _summary(label: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    own = [row for row in rows if row["generator"] == label]
    figures = {key: spread([row[key] for row in own]) for key in ("calibrated", "last", "best")}
    return {"generator": label, "runs": len(own)} | figures


def spread(values: Sequence[float | None]) -> dict[str, float | None] | None:
    """Mean and sample standard deviation, None for one value; None when any is missing."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    std = statistics.stdev(known) if len(known) > 1 else None
    return {"mean": statistics.fmean(known), "std": std}


def _difference(rows: Sequence[Mapping[str, Any]], labels: list[str]) -> dict[str, Any] | None:
    """The last generator's figure minus the first's, seed by seed."""
    if len(labels) != 2:
        return None
    first, second = ({r["seed"]: r["last"] for r in rows if r["generator"] == x} for x in labels)
    paired = [
        None if second[seed] is None or first[seed] is None else second[seed] - first[seed]
        for seed in first
        if seed in second
    ]
    figures = spread(paired)
    return figures and {"of": f"{labels[1]} - {labels[0]}", "runs": len(paired)} | figures


def _search(prepared: Prepared, seconds: Mapping[str, float]) -> dict[str, Any]:
    return {
        "space": prepared.space.name,
        "architectures": str(prepared.space.architectures),
        "strategy": prepared.config.search.strategy,
        "epochs": prepared.config.search.epochs,
        "seconds": seconds["search"],
    }


def _seconds(folder: RunFolder) -> dict[str, float]:
    """Time by stage, from the metrics' rows."""
    total: dict[str, float] = {}
    for row in read_lines(folder.metrics_path) if folder.metrics_path.exists() else []:
        stage = str(row["stage"]).partition("/")[0]
        total[stage] = round(total.get(stage, 0.0) + row["seconds"], 3)
    return total
