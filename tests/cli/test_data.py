"""`autorecon data` and the data sets that are not here."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.data import folders


@pytest.fixture(autouse=True)
def nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without data sets; gives $AUTORECON_DATA."""
    monkeypatch.setenv("AUTORECON_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(folders, "SYSTEM", tmp_path / "system")
    return tmp_path / "own"


def test_all_are_listed_with_what_to_do(nothing_here: Path) -> None:
    from PIL import Image

    (nothing_here / "imagenet" / "val" / "n0").mkdir(parents=True)
    Image.new("RGB", (9, 9)).save(nothing_here / "imagenet" / "val" / "n0" / "a.png")
    result = CliRunner().invoke(cli, ["data", "list"])
    assert result.exit_code == 0, result.output
    lines = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert lines.keys() == {"cifar10", "cifar100", "fashion-mnist", "imagenet", "folder:PATH"}
    assert "autorecon data fetch cifar10" in lines["cifar10"]
    assert lines["imagenet"].endswith("1 test images 3x224x224, 1 classes")


@pytest.mark.parametrize(
    ("name", "said"),
    [("imagenet", "cannot be fetched"), ("cifar", "no data set is called 'cifar': did you mean")],
)
def test_what_cannot_be_fetched(name: str, said: str) -> None:
    result = CliRunner().invoke(cli, ["data", "fetch", name])
    assert result.exit_code == 2
    assert said in result.stderr
