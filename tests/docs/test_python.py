"""docs/python.md is true: its examples run one after the other, with fewer steps."""

from __future__ import annotations

import inspect
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import autorecon
from autorecon.python import auto, compress, search
from remembered import captured_once as captured_once
from remembered import registered_once as registered_once

PAGE = (Path(__file__).parents[2] / "docs" / "python.md").read_text("utf-8")
QUICK = {"batch": 4, "warmup_steps": 1, "steps": 1, "epochs": 1, "calibration_batches": 1}
SEARCH = {"epochs": 2, "warmup_epochs": 1, "weight_steps": 1, "architecture_steps": 1, "batch": 4}


def test_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("autorecon.workflow.invented.MOST_IMAGES", 32)
    monkeypatch.setattr("autorecon.python.compress", partial(compress, **QUICK))
    quick = {**SEARCH, "select.candidates": 1}
    monkeypatch.setattr("autorecon.python.search", partial(search, **quick))
    monkeypatch.setattr(
        "autorecon.python.auto", partial(auto, **(QUICK | {"warmup_steps": 20, "search": []}))
    )
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE, flags=re.S):
        exec(compile(block, "docs/python.md", "exec"), names)
    assert names["small"].bits == "w4a4"
    assert names["small"](names["torch"].zeros(1, 1, 16, 16)).shape == (1, 10)
    assert names["again"].score.accuracy is None
    assert names["genotype"].is_genotype
    assert names["best"].results.bits == "w4a4"
    assert autorecon.load_compressed("small.safetensors", build=names["network"]).classes == 10


def test_every_argument_is_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE[PAGE.index("| Argument |") :], flags=re.M)
    listed = [name for cell in rows for name in re.findall(r"`(\w+)`", cell)]
    own = [*inspect.signature(compress).parameters]
    assert sorted(listed) == sorted(set(own) - {"model", "settings"})
