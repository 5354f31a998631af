"""Noise that learns with a generator, the bank of what comes of it, and how a step resumes."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, CompressError, Compression
from autorecon.compress.batch import Batch
from autorecon.compress.methods import fast, nayer
from autorecon.compress.sources import Inverted
from autorecon.compress.sources.bank import Bank
from autorecon.compress.sources.moving import Moves
from autorecon.objective import Request, TeacherView


class Scaled(nn.Module):
    """Noise [N, 1] times one weight, as images [N, 1, 1, 1]."""

    latent, classes, image_shape = 1, 2, (1, 1, 1)

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(2.0))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return (self.weight * z).view(-1, 1, 1, 1)


class TwoSides(nn.Module):
    """Images [N, 1, 1, 1] to the logits x and -x."""

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)
        return torch.cat([x, -x], 1)


def source(method: str, teacher: nn.Module, generator: nn.Module, **settings: Any) -> Inverted:
    config = CompressConfig(method, **{"objective": "ce", "batch": 2, "image_steps": 2} | settings)
    random = torch.Generator().manual_seed(0)
    return Inverted(generator, TeacherView(teacher), config, 2, random)


def adam(gradients: list[float], rate: float) -> float:
    """What Adam (0.5, 0.999) adds in so many steps."""
    first = second = moved = 0.0
    for step, gradient in enumerate(gradients, 1):
        first = 0.5 * first + 0.5 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        unbiased = first / (1 - 0.5**step), second / (1 - 0.999**step)
        moved -= rate * unbiased[0] / (unbiased[1] ** 0.5 + 1e-8)
    return moved


def slope(x: float, label: int) -> float:
    """Of the cross-entropy of the logits x and -x."""
    sign = 1 if label == 0 else -1
    return -2 * sign / (1 + torch.tensor(2.0 * sign * x).exp().item())


def test_fast_learns_where_to_begin_by_the_sum_of_gradients() -> None:
    """Two steps of two images by hand: a copy and the codes learn, then the generator does."""
    made = source("fast", TwoSides(), Scaled(), generator_lr=0.1, code_lr=0.2)
    asked: list[Request] = []
    ask = made.ask
    made.ask = lambda count: asked.append(ask(count)) or asked[-1]
    drawn: list[Tensor] = []
    codes = made.codes
    made.codes = lambda request: (
        drawn.append(codes(request)["codes"].clone()) or {"codes": drawn[-1].clone()}
    )
    first, _ = made.make(None)
    assert first is None
    batch, _ = made.make(None)
    z, labels = drawn[0].flatten().tolist(), asked[0].labels.tolist()
    weight, found = 2.0, list[float]()
    of_codes: list[list[float]] = [[], []]
    losses, seen = [], []
    for _ in range(2):
        now = [value + adam(gradients, 0.2) for value, gradients in zip(z, of_codes, strict=True)]
        own = weight + adam(found, 0.1)
        slopes = [slope(own * v, y) / 2 for v, y in zip(now, labels, strict=True)]
        found.append(sum(s * v for s, v in zip(slopes, now, strict=True)))
        for gradients, s in zip(of_codes, slopes, strict=True):
            gradients.append(s * own)
        seen.append([own * v for v in now])
        x = torch.tensor(seen[-1])[:, None]
        logits = torch.cat([x, -x], 1)
        losses.append(nn.functional.cross_entropy(logits, torch.tensor(labels)).item())
    expected = weight + adam([sum(found)], 0.2)  # the rate times the number of steps
    assert made.generator.weight.item() == pytest.approx(expected, abs=1e-5)
    assert made.generator.weight.grad is None
    best = seen[losses.index(min(losses))]
    assert batch is not None
    assert batch.images.flatten().tolist() == pytest.approx(best, abs=1e-5)
    assert torch.equal(batch.logits, TwoSides()(batch.images))
    assert len(made.batches) == 1


def test_nayer_keeps_what_its_generator_learnt(teacher: nn.Module, generator: nn.Module) -> None:
    made = source("nayer", teacher, generator, batch=6)
    made.make(None)
    assert made.working is made.generator
    before = generator.conv.weight.clone()
    made.make(None)
    assert not torch.equal(generator.conv.weight, before)


def test_the_noisy_layers_of_nayer() -> None:
    """Five images of two classes need three layers; each image has its class's row of one."""
    teacher = nn.Linear(2, 2)
    with torch.no_grad():
        teacher.weight.copy_(torch.tensor([[1.0, 5.0], [3.0, 1.0]]))
    assert nayer.embeddings(teacher).tolist() == [[-1, 1], [1, -1]]
    request = nayer.ask(5, 2, teacher, torch.Generator().manual_seed(0))
    assert request.labels.tolist()[:4] == [0, 1, 0, 1]
    drawn = nayer.codes(request, 3, teacher, torch.Generator().manual_seed(0))
    assert [list(value.shape) for value in drawn.values()] == [[3, 2, 3], [3, 1, 3]]
    drawn["biases"] += 1
    noise = nayer.noise(drawn, request, teacher)
    for image, label in enumerate(request.labels.tolist()):
        weight = drawn["weights"][image // 2]
        row = torch.tensor([[-1.0, 1.0], [1.0, -1.0]])[label]
        torch.testing.assert_close(noise[image], (row @ weight + 1) / 2**0.5)


def test_fast_has_a_code_an_image(teacher: nn.Module) -> None:
    request = Request(torch.tensor([0, 2, 1]))
    drawn = fast.codes(request, 4, teacher, torch.Generator().manual_seed(0))
    assert drawn["codes"].shape == (3, 4)
    assert fast.noise(drawn, request, teacher) is drawn["codes"]


def test_a_bank_forgets_the_oldest() -> None:
    bank = Bank(2)
    for number in range(3):
        images = torch.full((4, 1, 1, 1), float(number))
        bank.add(Batch(images, Request(torch.full((4,), number)), images.view(4, 1)))
    images, request = bank.draw(200, torch.Generator().manual_seed(0))
    assert images.shape == (200, 1, 1, 1)
    assert images.unique().tolist() == [1, 2]
    assert torch.equal(images.flatten().long(), request.labels)


def test_moves_shift_and_mirror_each_image_by_itself() -> None:
    images = torch.arange(64.0).view(1, 1, 8, 8).expand(50, 2, 8, 8)
    moved = Moves.draw(images.shape, torch.Generator().manual_seed(0), "cpu")(images)
    assert torch.equal(moved[:, 0], moved[:, 1])
    seen = set()
    for image in moved[:, 0]:
        mirrored = (image[0, 1] - image[0, 0]) % 8 == 7
        own = image.flip(1) if mirrored else image
        down, right = int(own[0, 0]) // 8, int(own[0, 0]) % 8
        assert torch.equal(own, images[0, 0].roll((-down, -right), (0, 1)))
        seen.add((bool(mirrored), down, right))
    assert {s[0] for s in seen} == {True, False}
    assert {s[1] for s in seen} == {s[2] for s in seen} == {0, 1, 7}


@pytest.mark.parametrize("method", ["fast", "nayer"])
def test_a_batch_in_the_making_goes_on_bit_for_bit(
    teacher: nn.Module, generator: nn.Module, method: str
) -> None:
    def fresh() -> Compression:
        config = CompressConfig(
            method, batch=6, image_batches=4, image_steps=3, rounds=2, steps=4, epochs=1
        )
        return Compression(copy.deepcopy(teacher), config, copy.deepcopy(generator))

    whole = fresh()
    states = list[dict[str, Any]]()
    row = whole.run_epoch(0, lambda: states.append(copy.deepcopy(whole.state_dict())))
    for at in (1, 4, 7, 9):
        other = fresh()
        other.load_state_dict(states[at])
        assert other.run_epoch(0, lambda: None) == row
        pairs = zip(_tensors(other.state_dict()), _tensors(whole.state_dict()), strict=True)
        assert all(torch.equal(*pair) for pair in pairs)


def _tensors(state: Any) -> list[Tensor]:
    if isinstance(state, Tensor):
        return [state]
    values = state.values() if isinstance(state, dict) else state
    if not isinstance(state, dict | list | tuple):
        return []
    return [tensor for value in values for tensor in _tensors(value)]


def test_a_generator_without_noise_is_refused(teacher: nn.Module, generator: nn.Module) -> None:
    generator.latent = 0
    with pytest.raises(CompressError, match=r"method fast learns the noise .* has none: choose"):
        source("fast", teacher, generator)


def test_nothing_is_read_off_images(teacher: nn.Module, generator: nn.Module) -> None:
    with pytest.raises(CompressError, match=r"'ce \+ decode' reads the noise .* out `decode`"):
        source("fast", teacher, generator, objective="ce + decode")
