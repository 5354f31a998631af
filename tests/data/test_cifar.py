"""CIFAR-10 and -100 from small files in the format of the published ones."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import datasets

from autorecon import data
from autorecon.data import cifar

NAMES = {"cifar10": "CIFAR10", "cifar100": "CIFAR100"}


def write(path: Path, content: dict) -> str:
    """Pickle to a file; its MD5."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = pickle.dumps(content, protocol=2)
    path.write_bytes(text)
    return hashlib.md5(text).hexdigest()


def pixels(count: int, first: int) -> np.ndarray:
    """Image i is of the red i + first, the green 100 and the blue 200, its first pixel black."""
    images = np.empty((count, 3, 32, 32), np.uint8)
    for index in range(count):
        images[index] = np.array([index + first, 100, 200], np.uint8)[:, None, None]
    images[:, :, 0, 0] = 0
    return images.reshape(count, -1)


@pytest.fixture
def cifars(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Both data sets with two images a file; torchvision knows their MD5."""
    for name, loader in NAMES.items():
        kind = getattr(datasets, loader)
        folder = home / cifar.CIFARS[name].folder
        key = "labels" if name == "cifar10" else "fine_labels"
        for attribute in ("train_list", "test_list"):
            files = []
            for place, (file, _) in enumerate(getattr(kind, attribute)):
                content = {"data": pixels(2, 2 * place), key: [place, place + 1]}
                files.append([file, write(folder / file, content)])
            monkeypatch.setattr(kind, attribute, files)
        classes = [f"class{index}" for index in range(int(name.removeprefix("cifar")))]
        md5 = write(folder / kind.meta["filename"], {kind.meta["key"]: classes})
        monkeypatch.setattr(kind, "meta", kind.meta | {"md5": md5})
    return home


@pytest.mark.parametrize(("name", "files", "classes"), [("cifar10", 5, 10), ("cifar100", 1, 100)])
def test_images_labels_and_classes(cifars: Path, name: str, files: int, classes: int) -> None:
    dataset = data.load(name)
    assert (dataset.size, dataset.channels, dataset.classes) == (32, 3, classes)
    assert dataset.train.images.shape == (2 * files, 3, 32, 32)
    assert dataset.train.images.dtype == torch.uint8
    assert dataset.train.images[:, 0, 5, 7].tolist() == list(range(2 * files))
    assert dataset.train.images[0, :, 5, 7].tolist() == [0, 100, 200]
    assert dataset.train.images[1, :, 0, 0].tolist() == [0, 0, 0]
    assert dataset.train.labels.tolist() == [n for i in range(files) for n in (i, i + 1)]
    assert dataset.test.labels.dtype == torch.int64
    assert len(dataset.test) == 2
    assert dataset.class_names[3] == "class3"
    green = (100 / 255 - dataset.mean[1]) / dataset.std[1]
    assert dataset.normalised(dataset.test.images)[0, 1, 9, 9].item() == pytest.approx(green)


def test_a_folder_of_its_own_is_found_too(cifars: Path) -> None:
    (cifars / "cifar10").mkdir()
    folder = cifar.CIFARS["cifar10"].folder
    (cifars / folder).rename(cifars / "cifar10" / folder)
    assert len(data.load("cifar10", size=32).test) == 2


def test_changed_files_are_not_unpickled(cifars: Path, capsys: pytest.CaptureFixture) -> None:
    path = cifars / cifar.CIFARS["cifar10"].folder / "test_batch"
    path.write_bytes(b"cbuiltins\nprint\n(S'ran'\ntR.")
    with pytest.raises(data.DataError, match=r"not the published cifar10 .*; delete it and run"):
        data.load("cifar10")
    assert "ran" not in capsys.readouterr().out


def test_not_found_and_wrong_size(home: Path) -> None:
    with pytest.raises(data.MissingDataError, match="autorecon data fetch cifar100") as caught:
        data.load("cifar100")
    assert str(home / "cifar100" / "cifar-100-python") in str(caught.value)
    with pytest.raises(data.DataError, match="cifar10 comes in the size 32, not 16"):
        data.load("cifar10", size=16)


def test_fetching_is_torchvisions_and_only_when_asked(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    class Loader:
        classes = ("a", "b")
        data, targets = np.zeros((1, 32, 32, 3), np.uint8), [1]

        def __init__(self, root: str, train: bool = True, download: bool = False) -> None:
            asked.append((root, download))
            (Path(root) / cifar.CIFARS["cifar10"].folder).mkdir(parents=True, exist_ok=True)

    monkeypatch.setattr(datasets, "CIFAR10", Loader)
    cache = home.parent / "cache" / "autorecon"
    said: list[str] = []
    assert data.fetch("cifar10", say=said.append) == cache / "cifar-10-batches-py"
    assert asked[0] == (str(cache), True)
    assert "torchvision" in said[0]
    assert data.load("cifar10").test.labels.tolist() == [1]
    assert not any(download for _, download in asked[1:])
