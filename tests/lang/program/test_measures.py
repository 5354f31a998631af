"""The table of what architectures cost, against what is made of it."""

from __future__ import annotations

import attrs

from autorecon.lang import Pipeline
from autorecon.lang.program.measures import MEASURES, NAMES, ByMeasure


def test_every_measure_is_a_field_and_what_a_pipeline_has() -> None:
    assert tuple(field.name for field in attrs.fields(ByMeasure)) == NAMES
    assert all(hasattr(Pipeline, name) for name in NAMES)
    assert len({m.word for m in MEASURES}) == len({m.shown for m in MEASURES}) == len(NAMES)
