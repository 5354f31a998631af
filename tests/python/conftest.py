import pytest

from remembered import captured_once as captured_once


@pytest.fixture(autouse=True)
def few_images(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that are invented to measure on: 512 would take most of a tiny run's time."""
    monkeypatch.setattr("autorecon.workflow.invented.MOST_IMAGES", 32)
