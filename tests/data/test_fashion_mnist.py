"""Fashion-MNIST: where it is found, how it is resized, and the constants."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from autorecon import data
from autorecon.data import folders

MakeFolder = Callable[..., Path]
INSTALLED = folders.SYSTEM / "fashion-mnist"


def test_native_size(folder: Path) -> None:
    dataset = data.load("fashion-mnist")
    assert (dataset.size, dataset.channels, dataset.classes) == (28, 1, 10)
    assert dataset.train.images.shape == (6, 1, 28, 28)
    assert dataset.train.images.dtype == torch.uint8
    assert dataset.test.labels.tolist() == [9, 8, 7, 6]
    assert dataset.test.labels.dtype == torch.int64


def test_resized_by_hand(folder: Path) -> None:
    large = data.load("fashion-mnist", size=32).train.images[3, 0].tolist()
    small = data.load("fashion-mnist", size=16).train.images[3, 0]
    assert large[1] == [0] * 32
    assert large[2] == [0, 0, 255, *[30] * 27, 0, 0]
    assert small.shape == (16, 16)
    for row in (0, 1, 8, 15):
        for column in (0, 1, 8, 15):
            four = [large[2 * row + i][2 * column + j] for i in (0, 1) for j in (0, 1)]
            assert small[row, column].item() == pytest.approx(sum(four) / 4 / 255)


def test_splits_are_read_when_asked_for_and_once(folder: Path) -> None:
    dataset = data.load("fashion-mnist")
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"broken")
    assert dataset.train is dataset.train
    with pytest.raises(data.DataError, match="t10k-labels"):
        _ = dataset.test


def test_search_order(home: Path, make_folder: MakeFolder) -> None:
    cache = home.parent / "cache" / "autorecon"
    places = [
        home / "fashion-mnist",
        home / "FashionMNIST" / "raw",
        cache / "fashion-mnist",
        cache / "FashionMNIST" / "raw",
        home.parent / "system" / "fashion-mnist",
    ]
    for place in reversed(places):
        make_folder(place, zipped=place.name != "raw")
        assert data.fashion_mnist.find_folder() == place


def test_not_found_names_folders_and_remedies(home: Path, make_folder: MakeFolder) -> None:
    folder = make_folder(home / "fashion-mnist")
    (folder / "train-images-idx3-ubyte.gz").unlink()
    with pytest.raises(FileNotFoundError) as caught:
        data.load("fashion-mnist")
    message = str(caught.value)
    assert f"{folder} (incomplete: no train-images-idx3-ubyte)" in message
    assert str(home.parent / "system") in message
    assert "autorecon data fetch fashion-mnist" in message
    assert "apt-get install dataset-fashion-mnist" in message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("count", "labels", "said"),
    [(4, [0, 1, 2, 10], "has the label 10"), (3, [0, 1, 2], "4 images")],
)
def test_labels_must_fit(folder: Path, make_idx, count: int, labels: list[int], said: str) -> None:
    path = folder / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(make_idx((count,), bytes(labels))))
    with pytest.raises(data.DataError, match=said):
        _ = data.load("fashion-mnist").test


def test_wrong_names_and_sizes(folder: Path) -> None:
    with pytest.raises(data.DataError, match="did you mean `fashion-mnist`"):
        data.load("fashion-mist")
    known = "known here: `cifar10`, `cifar100`, `fashion-mnist`, `imagenet`"
    with pytest.raises(data.DataError, match=known):
        data.load("mnist3d")
    with pytest.raises(data.DataError, match="sizes 16, 28, 32, not 24"):
        data.load("fashion-mnist", size=24)


def test_the_installed_data_and_its_constants(monkeypatch: pytest.MonkeyPatch) -> None:
    if not INSTALLED.is_dir():
        pytest.fail("the tests need `apt-get install dataset-fashion-mnist`")
    monkeypatch.delenv("AUTORECON_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/nonexistent")
    native = data.load("fashion-mnist")
    assert torch.bincount(native.train.labels).tolist() == [6000] * 10
    assert torch.bincount(native.test.labels).tolist() == [1000] * 10
    shares = torch.bincount(native.train.images.flatten()).double() / (60_000 * 28 * 28)
    greys = torch.arange(256, dtype=torch.float64) / 255
    mean, square = (shares @ greys).item(), (shares @ greys**2).item()
    assert_statistics(native, mean, square)
    padded = (28 / 32) ** 2
    assert_statistics(data.load("fashion-mnist", size=32), mean * padded, square * padded)
    pooled = data.load("fashion-mnist", size=16)
    square = pooled.train.images.square().mean(dtype=torch.float64).item()
    assert_statistics(pooled, mean * padded, square)


def assert_statistics(dataset: data.Dataset, mean: float, square: float) -> None:
    """The constants against the first two moments of the training pixels."""
    assert dataset.mean == pytest.approx((mean,), abs=1e-6)
    assert dataset.std == pytest.approx(((square - mean**2) ** 0.5,), abs=1e-6)
