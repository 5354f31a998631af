"""The first table: the compressed model and its full precision, as they were measured here."""

from __future__ import annotations

import attrs

from autorecon.records.evaluation import Evaluation, Measured
from autorecon.report.inputs import Inputs
from autorecon.report.wording import DASH, percent


@attrs.frozen
class DeployedRow:
    label: str
    detail: str
    cells: list[str]


@attrs.frozen
class Deployed:
    """`scores` are the columns of what it answers, `batches` those of times."""

    about: str
    scores: list[str]
    batches: list[int]
    rows: list[DeployedRow]


def deployed(found: Evaluation | None) -> Deployed | None:
    """None where nothing was measured."""
    if found is None or found.machine is None or found.model is None:
        return None
    models = [("full precision", found.full), (found.kernels, found.model)]
    known = [model.score for _, model in models if model and model.score]
    scores = [
        name
        for name in ("accuracy", "agreement")
        if any(getattr(score, name) is not None for score in known)
    ]
    rows = [_row(found, detail, model, scores) for detail, model in models if model]
    return Deployed(_about(found), [s.capitalize() for s in scores], found.batches, rows)


def undeployed(inputs: Inputs) -> str:
    """Why a run that has ended was not measured, and how it is; "" where it was."""
    found, results = inputs.evaluation, inputs.results
    if results is None or not results.rows or (found and not found.problem):
        return ""
    command = f"autorecon evaluate {inputs.folder.path}"
    if found:
        return f"It could not be measured: {found.problem}. {command} tries again."
    return (
        f"Bytes and milliseconds in ONNX Runtime: {command}, which needs "
        "pip install 'autorecon[export]'."
    )


def _about(found: Evaluation) -> str:
    assert found.machine
    speeds = [(batch, found.faster(batch)) for batch in found.batches]
    faster = [f"{speed:.2f} times as fast {batch} at a time" for batch, speed in speeds if speed]
    measured = f"Measured with {found.machine.text}, in turn: medians ± interquartile range"
    return f"{', '.join([measured, *faster])}."


def _row(found: Evaluation, detail: str, model: Measured, scores: list[str]) -> DeployedRow:
    figures = [percent(getattr(model.score, name, None), 2) for name in scores]
    timings = [model.timing(batch) for batch in found.batches]
    times = [f"{t.median:.3g} ± {t.spread:.1g}" if t else DASH for t in timings]
    sizes = [f"{model.bytes:,}", f"{model.run_bytes:,}"]
    return DeployedRow(model.name, detail, [*sizes, *figures, *times])
