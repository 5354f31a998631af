"""Where images come from: what is asked for, how it is drawn, and what is kept."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from autorecon.compress import CompressConfig, Compression
from autorecon.compress.engine.attention import attention, watch_attention
from autorecon.compress.methods import qimera, zskd
from autorecon.compress.sources import Generated, Noise, Pictures
from autorecon.nn.mixing import mixed_labels
from autorecon.objective import TeacherView


@pytest.fixture
def random() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def pictures(teacher: nn.Module, random: torch.Generator, **settings: Any) -> Pictures:
    plain = {"method": "deepinversion", "batch": 6, "image_batches": 2, "image_steps": 3}
    config = CompressConfig(**plain | settings)
    return Pictures(TeacherView(teacher), config, (1, 8, 8), 3, random)


def test_noise_is_drawn_anew_and_the_same_of_the_same_seed(teacher: nn.Module) -> None:
    one, other = (
        Noise(TeacherView(teacher), 500, (1, 8, 8), torch.Generator().manual_seed(3))
        for _ in range(2)
    )
    first, second = one.draw(), one.draw()
    assert torch.equal(first.images, other.draw().images)
    assert not torch.equal(first.images, second.images)
    assert abs(float(first.images.mean())) < 0.05
    assert abs(float(first.images.std()) - 1) < 0.05
    assert torch.equal(first.logits, teacher(first.images))
    with pytest.raises(RuntimeError, match="by steps"):
        one.make(None)


def test_embeddings_in_a_superposition(generator: nn.Module) -> None:
    """Two classes half and half are as if there were an embedding between theirs."""
    generator.eval()
    z, y = torch.randn(2, 6), torch.tensor([0, 2])
    with mixed_labels(generator, torch.tensor([[0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])):
        mixed = generator(z, y)
    table = generator.embed.weight.data
    table[0] = (table[0] + table[1]) / 2
    torch.testing.assert_close(mixed, generator(z, y))
    assert not generator.embed._forward_hooks


def test_without_shares_nothing_is_mixed(generator: nn.Module) -> None:
    with mixed_labels(generator, None):
        assert not generator.embed._forward_hooks


def test_qimera_asks_for_classes_and_for_mixtures(teacher: nn.Module, random: Any) -> None:
    asked = [qimera.ask(32, 5, teacher, random) for _ in range(200)]
    mixed = [request for request in asked if request.targets is not None]
    assert 0.3 < len(mixed) / 200 < 0.5
    for request in mixed:
        shares = request.targets
        torch.testing.assert_close(shares.sum(1), torch.ones(32))
        assert ((shares > 0).sum(1) <= 2).all()
        assert torch.equal(shares.argmax(1), request.labels)
    assert {int(y) for request in asked for y in request.labels} == set(range(5))


def test_qimera_starts_embeddings_from_the_last_layer(
    teacher: nn.Module, generator: nn.Module
) -> None:
    generator.embed.weight.data[:, :] = torch.randn(3, 6)
    teacher.head.weight.data[1] = teacher.head.weight.data[0]
    qimera.dress(generator, teacher)
    table = generator.embed.weight
    torch.testing.assert_close(table[0], table[1])
    assert table.mean().item() == pytest.approx(0, abs=1e-6)
    assert table.std().item() == pytest.approx(1, rel=1e-5)


def test_zskd_answers_lean_to_their_class_and_to_what_resembles_it(
    teacher: nn.Module, random: Any
) -> None:
    with torch.no_grad():
        teacher.head.weight.copy_(torch.tensor([[1.0, 0, 0, 0], [0.9, 0.1, 0, 0], [-1.0, 0, 0, 0]]))
    similar = zskd.concentrations(teacher)
    assert similar.diagonal().tolist() == [1, 1, 1]
    cosine = 0.9 / (0.82**0.5)
    assert similar[0].tolist() == pytest.approx([1, (cosine + 1) / 2, 0], abs=1e-5)
    request = zskd.ask(600, 3, teacher, random)
    torch.testing.assert_close(request.targets.sum(1), torch.ones(600))
    assert torch.equal(request.labels, torch.arange(600) % 3)
    mean = request.targets[request.labels == 0].mean(0)
    assert min(mean[0], mean[1]) > 0.4
    assert mean[2] < 0.05
    softer, harder = request.targets.max(1).values.view(2, 300).mean(1)
    assert softer < harder


def test_zskd_depends_on_the_seed_alone(teacher: nn.Module) -> None:
    asked = [zskd.ask(9, 3, teacher, torch.Generator().manual_seed(s)).targets for s in (1, 1, 2)]
    assert torch.equal(asked[0], asked[1])
    assert not torch.equal(asked[0], asked[2])


def test_pictures_come_whole_after_their_steps(teacher: nn.Module, random: Any) -> None:
    source = pictures(teacher, random, method="dfc", objective="ce")
    made = [source.make(None)[0] for _ in range(6)]
    assert [batch is not None for batch in made] == [False, False, True] * 2
    assert len(source.batches) == 2
    torch.testing.assert_close(made[2].logits, teacher(made[2].images))
    drawn = source.draw()
    everything = torch.cat([batch.images for batch in source.batches])
    for image, label, logits in zip(drawn.images, drawn.request.labels, drawn.logits, strict=True):
        where = (everything == image).flatten(1).all(1).nonzero().item()
        batch = source.batches[where // 6]
        assert batch.request.labels[where % 6] == label
        assert torch.equal(batch.logits[where % 6], logits)


def test_pictures_that_were_made_under_shifts_are_learned_under_shifts(
    teacher: nn.Module, random: Any
) -> None:
    source = pictures(teacher, random)
    for _ in range(3):
        source.make(None)
    drawn, (kept,) = [source.draw() for _ in range(4)], source.batches
    moves = set()
    for batch in drawn:
        torch.testing.assert_close(batch.logits, teacher(batch.images))
        found = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if (kept.images.roll((down, right), (2, 3)) == batch.images[0]).flatten(1).all(1).any()
        ]
        assert len(found) == 1
        moves |= set(found)
    assert len(moves) > 1


def test_pictures_become_what_was_asked_for(teacher: nn.Module, random: Any) -> None:
    source = pictures(teacher, random, objective="ce", image_steps=60)
    losses = [source.make(None)[1]["images.ce"].item() for _ in range(60)]
    assert losses[-1] < 0.7 * losses[0]
    (batch,) = source.batches
    assert (batch.logits.argmax(1) == batch.request.labels).float().mean() >= 0.5


def test_adaptive_pictures_look_at_the_student_from_the_second_round_on(
    teacher: nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = CompressConfig(
        method="deepinversion", batch=4, image_batches=2, image_steps=2, steps=4, rounds=2,
        epochs=4, objective="ce + 10*competition",
    )  # fmt: skip
    assert [config.place(tick) for tick in range(8)] == [
        (False, 0), (False, 0), (True, 0), (True, 1), (False, 2), (False, 2), (True, 2), (True, 3),
    ]  # fmt: skip
    stage = Compression(teacher, config, image_shape=(1, 8, 8))
    rows = [stage.run_epoch(epoch, lambda: None) for epoch in range(4)]
    assert ["images.competition" in row for row in rows] == [False, False, True, False]
    assert "student.kl" in rows[1]


def test_a_generator_is_not_moved_by_drawing(
    teacher: nn.Module, generator: nn.Module, random: Any
) -> None:
    config = CompressConfig(batch=6)
    source = Generated(generator, TeacherView(teacher), config, random)
    before = copy.deepcopy(dict(generator.named_parameters()))
    batch = source.draw()
    assert not batch.images.requires_grad
    torch.testing.assert_close(batch.logits, teacher(batch.images))
    assert all(torch.equal(p, before[n]) for n, p in generator.named_parameters())


def test_a_decoder_learns_beside_the_generator(
    teacher: nn.Module, generator: nn.Module, random: Any
) -> None:
    config = CompressConfig(method="kegnet", batch=16, generator_lr=0.01, objective="decode + ce")
    source = Generated(generator, TeacherView(teacher), config, random)
    losses = [source.make(None)[1]["generator.decode"].item() for _ in range(60)]
    assert sum(losses[-5:]) < 0.9 * sum(losses[:5])


def test_attention_by_hand() -> None:
    features = torch.tensor([[[[1.0, 0.0]], [[1.0, 2.0]]]])
    # Mean squares 1 and 2, as a unit vector.
    assert attention(features).flatten().tolist() == pytest.approx([1 / 5**0.5, 2 / 5**0.5])


def test_attention_is_that_of_the_last_layer_of_each_size(teacher: nn.Module) -> None:
    images = torch.randn(2, 1, 8, 8)
    seen: dict[str, Tensor] = {}
    teacher.relu.register_forward_hook(lambda *a: seen.update(last=a[2]))
    with watch_attention(teacher) as maps:
        teacher(images)
    assert list(maps) == [64]
    torch.testing.assert_close(maps[64], attention(seen["last"]))
    assert len(teacher.relu._forward_hooks) == 1
