"""Installing a data set, with the package manager and the network played by small functions."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from autorecon import data
from autorecon.data import install

MakeFolder = Callable[..., Path]


class Machine:
    """Plays apt-get and dpkg-deb: each command's first words name what it does."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.effects: dict[str, Callable[[Path | None], None]] = {}

    def run(self, command: list[str], cwd: Path | None = None, **_: object) -> object:
        self.ran.append(" ".join(command[:2]))
        effect = self.effects.get(self.ran[-1])
        if effect is None:
            return subprocess.CompletedProcess(command, 100, "", "noise\nE: no network\n")
        effect(Path(command[-1]) if command[0] == "dpkg-deb" else cwd)
        return subprocess.CompletedProcess(command, 0, "", "")


@pytest.fixture
def machine(home: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    played = Machine()
    monkeypatch.setattr(subprocess, "run", played.run)
    monkeypatch.setattr(shutil, "which", lambda command: f"/usr/bin/{command}")
    monkeypatch.setattr(install.os, "geteuid", lambda: 1000)
    play_torchvision(monkeypatch, lambda root, download: 1 / 0)
    return played


def play_torchvision(monkeypatch: pytest.MonkeyPatch, download: Callable[..., object]) -> None:
    """Stand in for torchvision, which takes seconds to import."""
    datasets = SimpleNamespace(FashionMNIST=download)
    monkeypatch.setitem(sys.modules, "torchvision", SimpleNamespace(datasets=datasets))
    monkeypatch.setitem(sys.modules, "torchvision.datasets", datasets)


def test_nothing_to_do(folder: Path, machine: Machine) -> None:
    assert data.fetch("fashion-mnist") == folder
    assert machine.ran == []


def test_root_installs_the_package(
    home: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, make_folder: MakeFolder
) -> None:
    monkeypatch.setattr(install.os, "geteuid", lambda: 0)
    system = home.parent / "system" / "fashion-mnist"
    machine.effects = {
        "apt-get update": lambda cwd: None,
        "apt-get install": lambda cwd: make_folder(system) and None,
    }
    assert data.fetch("fashion-mnist") == system
    assert machine.ran == ["apt-get update", "apt-get install"]


def test_anyone_unpacks_the_package_into_the_cache(
    home: Path, machine: Machine, make_folder: MakeFolder
) -> None:
    below = install.SYSTEM.relative_to("/") / "fashion-mnist"
    machine.effects = {
        "apt-get download": lambda cwd: (cwd / "some.deb").touch(),
        "dpkg-deb -x": lambda cwd: make_folder(cwd / below) and None,
    }
    said: list[str] = []
    target = home.parent / "cache" / "autorecon" / "fashion-mnist"
    assert data.fetch("fashion-mnist", say=said.append) == target
    assert len(list(target.iterdir())) == 4
    assert len(data.load("fashion-mnist").test) == 4
    assert len(said) == 2


def test_a_broken_package_is_not_moved_into_place(
    home: Path, machine: Machine, make_folder: MakeFolder
) -> None:
    def unpack_broken(cwd: Path) -> None:
        folder = make_folder(cwd / install.SYSTEM.relative_to("/") / "fashion-mnist")
        (folder / "train-labels-idx1-ubyte.gz").write_bytes(b"broken")

    machine.effects = {
        "apt-get download": lambda cwd: (cwd / "some.deb").touch(),
        "dpkg-deb -x": unpack_broken,
    }
    with pytest.raises(data.DataError, match="train-labels"):
        data.fetch("fashion-mnist")
    assert list((home.parent / "cache" / "autorecon" / "fashion-mnist").iterdir()) == []


def test_torchvision_is_the_last_resort(
    home: Path, machine: Machine, monkeypatch: pytest.MonkeyPatch, make_folder: MakeFolder
) -> None:
    def download(root: str, download: bool) -> None:
        assert download
        make_folder(Path(root) / "FashionMNIST" / "raw", zipped=False)

    play_torchvision(monkeypatch, download)
    assert data.fetch("fashion-mnist").name == "raw"


def test_every_reason_is_reported(machine: Machine) -> None:
    with pytest.raises(data.MissingDataError) as caught:
        data.fetch("fashion-mnist")
    message = str(caught.value)
    assert "only root may" in message
    assert "`apt-get download dataset-fashion-mnist` failed: E: no network" in message
    assert "ZeroDivisionError" in message


def test_without_debian(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda command: None)
    with pytest.raises(data.MissingDataError, match="no apt-get and no dpkg-deb on this machine"):
        data.fetch("fashion-mnist")


def test_a_command_that_hangs(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], **_: object) -> None:
        raise subprocess.TimeoutExpired(command, 600)

    monkeypatch.setattr(subprocess, "run", hang)
    with pytest.raises(data.MissingDataError, match="took over 600 s"):
        data.fetch("fashion-mnist")


def test_broken_data_is_said_and_not_replaced(folder: Path, machine: Machine) -> None:
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"broken")
    with pytest.raises(data.DataError, match="delete the file"):
        data.fetch("fashion-mnist")
    assert machine.ran == []
