"""What runs of commands leave out in tests: it takes longer than all else that they do."""

from __future__ import annotations

import pytest

from remembered import captured_once as captured_once
from remembered import registered_once as registered_once


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are invented to measure on: 512 would take most of a tiny run's time."""
    monkeypatch.setattr("autorecon.workflow.invented.MOST_IMAGES", 32)


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end as where ONNX Runtime is not installed: measuring takes longer than these do."""
    monkeypatch.setattr("autorecon.workflow.measure.missing_packages", lambda: ["onnxruntime"])
