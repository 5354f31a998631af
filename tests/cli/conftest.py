from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def unmeasured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs end as where ONNX Runtime is not installed: measuring takes longer than these do."""
    monkeypatch.setattr("autorecon.workflow.measure.missing_packages", lambda: ["onnxruntime"])
