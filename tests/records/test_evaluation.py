from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from autorecon.records.errors import RecordError
from autorecon.records.evaluation import Evaluation, Machine, Measured, Timing, read_evaluation
from autorecon.records.files import write_record

MODEL = Measured(name="small", bytes=3, run_bytes=5, timings=[Timing(1, 0.5, 0.1, 9)], products=2)
FULL = Measured(name="large", bytes=12, run_bytes=12, timings=[Timing(1, 1.5, 0.1, 9)])
MACHINE = Machine(engine="torch 2", threads=1, processor="a CPU", integer_units=[])


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    found = Evaluation(source="r", machine=MACHINE, model=MODEL, full=FULL)
    write_record(tmp_path / "e.json", found)
    assert read_evaluation(tmp_path / "e.json") == found
    assert read_evaluation(tmp_path / "none.json") is None
    (tmp_path / "e.json").write_text('{"format": 9}')
    with pytest.raises(RecordError, match="format 9"):
        read_evaluation(tmp_path / "e.json")


def test_how_much_faster_is_told_of_two_models_alone() -> None:
    both = Evaluation(source="r", machine=MACHINE, model=MODEL, full=FULL)
    assert both.faster(1) == 3
    assert both.faster(32) is None
    assert Evaluation(source="r", model=MODEL).faster(1) is None
    instant = attrs.evolve(MODEL, timings=[attrs.evolve(MODEL.timings[0], median=0.0)])
    assert attrs.evolve(both, model=instant).faster(1) is None
    assert both.batches == [1]
    assert both.kernels.startswith("0 of 2 ")
