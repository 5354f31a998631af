"""Spaces made for a network: what its stages are found to be, and the text that mirrors them."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from autorecon.cli import cli
from autorecon.graph import load
from autorecon.graph.sampling.sample import valid_sample
from autorecon.lang.fmt import format_source
from autorecon.lang.source import Source
from autorecon.mirror import Stage, mirror, stages
from autorecon.nn import generator
from autorecon.teachers import Teacher, TeacherError
from remembered import captured_once as captured_once


class Residual(nn.Module):
    """Two convolutions with a sum around them, the first of which may halve the resolution."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, after, 3, stride, 1)
        self.second = nn.Conv2d(after, after, 3, 1, 1)
        self.around = nn.Conv2d(before, after, 1, stride) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        inside: Tensor = self.second(torch.relu(self.first(x)))
        return torch.relu(inside + self.around(x))


class Inverted(nn.Sequential):
    """Widens four times, a depthwise 5x5 convolution, narrows."""

    def __init__(self, before: int, after: int, stride: int = 1) -> None:
        wide = 4 * before
        super().__init__(
            nn.Conv2d(before, wide, 1),
            nn.ReLU6(),
            nn.Conv2d(wide, wide, 5, stride, 2, groups=wide),
            nn.ReLU6(),
            nn.Conv2d(wide, after, 1),
        )


class ChannelsLast(nn.Module):
    """A layer over the channels where they stand last, as ConvNeXt has it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layer = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layer(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return found


class Head(nn.Sequential):
    def __init__(self, channels: int, classes: int = 5) -> None:
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


def teacher(*layers: nn.Module, side: int = 16, width: int | None = None) -> Teacher:
    torch.manual_seed(0)
    net = nn.Sequential(*layers).eval().requires_grad_(False)
    return Teacher(name="own:net-1", module=net, classes=5, image_shape=(3, side, width or side))


RESIDUAL = (nn.Conv2d(3, 8, 3, 1, 1), Residual(8, 8), Residual(8, 16, 2), Residual(16, 16))
CASES = {
    "sums": (
        teacher(*RESIDUAL, Head(16)),
        [
            Stage(8, 16, 16, 2, (3,), shortcut=True, layers=("0", "1.second")),
            Stage(16, 8, 8, 2, (1, 3), shortcut=True, layers=("2.first", "3.second")),
        ],
    ),
    "widened inside, and from one resolution to the next": (
        teacher(nn.Conv2d(3, 8, 3, 2, 1), Inverted(8, 8), Inverted(8, 12, 2), Head(12)),
        [
            Stage(8, 8, 8, 2, (1, 3, 5), True, layers=("0", "2.0")),
            Stage(12, 4, 4, 1, (1, 5), True, layers=("2.2", "2.4")),
        ],
    ),
    "channels last": (
        teacher(nn.Conv2d(3, 8, 4, 4), ChannelsLast(8), Head(8)),
        [Stage(8, 4, 4, 1, (3,), layers=("0",))],
    ),
    "a chain with pools, higher than wide": (
        teacher(
            nn.Conv2d(3, 8, 3, 1, 1), nn.MaxPool2d(2), nn.Conv2d(8, 8, 7, 1, 3), Head(8), width=8
        ),
        [
            Stage(8, 16, 8, 1, (3,), layers=("0",)),
            Stage(8, 8, 4, 1, (7,), layers=("2",)),
        ],
    ),
}


@pytest.mark.parametrize(("own", "expected"), CASES.values(), ids=CASES)
def test_stages(own: Teacher, expected: list[Stage]) -> None:
    found, macs = stages(own)
    assert found == expected
    assert macs == _counted(own)


def _counted(own: Teacher) -> int:
    """Multiply-accumulates by hooks, independently of any graph."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], result: Tensor) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv2d):
            total += result[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += inputs[0][0].numel() * layer.out_features

    hooks = [layer.register_forward_hook(count) for layer in own.module.modules()]
    own.module(torch.zeros(1, *own.image_shape))
    for hook in hooks:
        hook.remove()
    return total


@pytest.mark.parametrize(("own", "expected"), CASES.values(), ids=CASES)
def test_the_text_is_a_space_of_images_that_the_network_takes(
    own: Teacher, expected: list[Stage]
) -> None:
    found = mirror(own, macs=3_000_000)
    space = found.space
    assert space.output.shape == own.image_shape
    assert format_source(Source(found.text)) == found.text
    assert space.architectures > 1
    assert space.cost.macs.max <= 3_000_000
    net = generator(space.genotype(valid_sample(space, Random(0))))
    assert net(*net.example_inputs(batch=2)).shape == (2, *own.image_shape)
    assert {stage.channels for stage in expected} <= {stage.channels for stage in found.stages}


def test_widths_shrink_until_the_dearest_architecture_is_within_the_budget() -> None:
    own = teacher(*RESIDUAL, Head(16))
    whole, half = mirror(own, macs=10_000_000), mirror(own, macs=400_000)
    assert whole.part == 1
    assert half.part < 1
    assert half.space.cost.macs.max <= 400_000 < whole.space.cost.macs.max
    assert {n.shape[0] for n in half.space.nodes.values() if len(n.shape) == 3} <= {3, 4, 8, 12}


def test_a_budget_below_the_narrowest_is_refused_with_what_that_takes() -> None:
    with pytest.raises(TeacherError, match=r"more than 10: try --macs \d+"):
        mirror(teacher(*RESIDUAL, Head(16)), macs=10)


def test_maps_are_begun_small_and_grown_to_the_image() -> None:
    """A network of patches has one resolution, which is neither."""
    found = mirror(teacher(nn.Conv2d(3, 32, 4, 4), nn.ReLU(), Head(32), side=128), macs=10**9)
    assert [stage.height for stage in found.stages] == [8, 16, 32, 64]
    assert [stage.channels for stage in found.stages] == [32, 32, 32, 16]


def test_a_network_without_maps_is_refused() -> None:
    with pytest.raises(TeacherError, match="no maps whose blocks could be mirrored"):
        mirror(teacher(nn.Flatten(), nn.Linear(768, 5)))


def test_the_command_writes_a_space_that_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "mine.space"
    arguments = ["space-of", "resnet20-fashion16", "--macs", "3M", "--blocks", "1", "-o", str(out)]
    first = CliRunner().invoke(cli, arguments)
    assert first.exit_code == 0, first.output
    assert load(out).cost.macs.max <= 3_000_000
    out.write_text("mine now\n")
    again = CliRunner().invoke(cli, arguments)
    assert again.exit_code == 2
    assert "add --force" in again.output
    assert out.read_text() == "mine now\n"
    assert CliRunner().invoke(cli, [*arguments, "--force"]).exit_code == 0
    assert out.read_text().startswith("# Generators for resnet20-fashion16")


@pytest.mark.parametrize("count", ["0", "-3", "4 G B", "1.5"])
def test_a_budget_that_is_no_count(count: str) -> None:
    result = CliRunner().invoke(cli, ["space-of", "resnet20-fashion16", "--macs", count])
    told = "is no count" if count != "1.5" else "more than 2"
    assert result.exit_code == 2
    assert told in result.output
