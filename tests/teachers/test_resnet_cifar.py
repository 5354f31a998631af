"""ResNet-20 against its published size and a slow reference of its shortcut."""

from __future__ import annotations

import pytest
import torch
from torch import fx, nn

from autorecon.teachers.resnet_cifar import BasicBlock, resnet20


def test_size_and_depth_are_the_published_ones() -> None:
    network = resnet20()
    layers = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(layers) == 20
    # He et al. 2016, Table 6: 0.27 M.
    assert sum(p.numel() for p in network.parameters()) == 269_722


@pytest.mark.parametrize("size", [16, 28, 32])
def test_logits(size: int) -> None:
    network = resnet20(classes=7, channels=1).eval()
    assert network(torch.zeros(2, 1, size, size)).shape == (2, 7)


def test_stages_halve_the_resolution() -> None:
    network = resnet20().eval()
    features = network.layer1(torch.zeros(1, 16, 32, 32))
    assert features.shape == (1, 16, 32, 32)
    features = network.layer2(features)
    assert features.shape == (1, 32, 16, 16)
    assert network.layer3(features).shape == (1, 64, 8, 8)


def test_shortcut_is_every_second_pixel_between_zero_channels() -> None:
    images = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0))
    shortcut = BasicBlock(4, 8, 2).shortcut(images)
    for channel in range(8):
        for row in range(3):
            for column in range(3):
                known = 2 <= channel < 6
                want = images[:, channel - 2, 2 * row, 2 * column] if known else torch.zeros(2)
                assert torch.equal(shortcut[:, channel, row, column], want)


def test_block_adds_the_shortcut_before_its_last_relu() -> None:
    block = BasicBlock(3, 3, 1).eval()
    nn.init.zeros_(block.bn2.weight)
    images = torch.randn(2, 3, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(block(images), images.clamp(min=0))


def test_traces() -> None:
    network = resnet20(10, 1).eval()
    images = torch.randn(3, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    traced = fx.symbolic_trace(network)
    assert torch.equal(traced(images), network(images))
    relus = [node for node in traced.graph.nodes if "relu" in str(node.target)]
    assert len(relus) == 19
