"""The order that images are served in, normalisation, accuracy, the registry, what is imported."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from autorecon import data
from autorecon.data import Dataset, Split, registry


@pytest.fixture
def toy() -> Dataset:
    images = torch.arange(7 * 2 * 3 * 3, dtype=torch.uint8).view(7, 2, 3, 3)
    split = Split(images, torch.arange(7))
    names = tuple("abcdefg")
    return Dataset("toy", 3, 2, names, (0.1, 0.2), (0.5, 0.25), lambda which: split)


def test_normalised_is_per_channel_and_the_same_for_bytes_and_floats(toy: Dataset) -> None:
    images = toy.train.images
    normalised = toy.normalised(images)
    assert normalised[3, 0, 1, 2].item() == pytest.approx(
        (images[3, 0, 1, 2].item() / 255 - 0.1) * 2
    )
    assert normalised[3, 1, 1, 2].item() == pytest.approx(
        (images[3, 1, 1, 2].item() / 255 - 0.2) * 4
    )
    assert torch.equal(toy.normalised(images.float() / 255), normalised)


def test_in_order_serves_every_image(toy: Dataset) -> None:
    batches = list(toy.in_order(toy.test, 3))
    assert [labels.tolist() for _, labels in batches] == [[0, 1, 2], [3, 4, 5], [6]]
    assert torch.equal(
        torch.cat([images for images, _ in batches]), toy.normalised(toy.test.images)
    )


def test_shuffled_follows_its_generator_and_leaves_the_rest_out(toy: Dataset) -> None:
    def labels(seed: int) -> list[int]:
        generator = torch.Generator().manual_seed(seed)
        return [n for _, batch in toy.shuffled(toy.train, 2, generator) for n in batch.tolist()]

    assert labels(0) == labels(0)
    assert labels(0) != labels(1)
    assert len(set(labels(0))) == len(labels(0)) == 6


def test_shuffled_draws_nothing_from_the_global_generator(toy: Dataset) -> None:
    before = torch.get_rng_state()
    list(toy.shuffled(toy.train, 2, torch.Generator().manual_seed(0)))
    assert torch.equal(torch.get_rng_state(), before)


def test_shuffled_images_stay_with_their_labels_and_are_augmented(toy: Dataset) -> None:
    def invert(images: Tensor, generator: torch.Generator) -> Tensor:
        assert images.dtype == torch.uint8
        return 255 - images

    generator = torch.Generator().manual_seed(0)
    for images, labels in toy.shuffled(toy.train, 2, generator, invert):
        assert torch.equal(images, toy.normalised(255 - toy.train.images[labels]))


@pytest.mark.parametrize("batch", [0, 8])
def test_batches_that_cannot_be(toy: Dataset, batch: int) -> None:
    with pytest.raises(data.DataError, match=f"not {batch}"):
        next(toy.shuffled(toy.train, batch, torch.Generator()))


def test_a_batch_of_nothing_in_order(toy: Dataset) -> None:
    with pytest.raises(data.DataError, match="not 0"):
        next(toy.in_order(toy.train, 0))


class SaysTwo(nn.Module):
    """Answers class 2 in eval mode, and nothing sensible in train mode."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.BatchNorm2d(2)

    def forward(self, images: Tensor) -> Tensor:
        assert not self.inner.training
        return nn.functional.one_hot(torch.full((len(images),), 2), 7).float()


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_accuracy_in_percent_with_modes_put_back(toy: Dataset, batch: int) -> None:
    module = SaysTwo().train()
    module.inner.eval()
    assert data.accuracy(module, toy, batch=batch) == pytest.approx(100 / 7)
    assert data.accuracy(module, toy, Split(toy.test.images[2:3], toy.test.labels[2:3])) == 100
    assert module.training
    assert not module.inner.training


def test_a_registered_data_set_loads_by_its_name(
    toy: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_LOADERS", dict(registry._LOADERS))
    data.register("toy", lambda size: toy)
    assert data.load("toy") is toy
    assert data.names() == ["cifar10", "cifar100", "fashion-mnist", "imagenet", "toy"]
    with pytest.raises(data.DataError, match="already"):
        data.register("toy", lambda size: toy)
    with pytest.raises(data.DataError, match="cannot be fetched"):
        data.fetch("toy")
