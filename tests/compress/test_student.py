from __future__ import annotations

from torch import nn

from autorecon.compress.student import float_bytes


def test_a_layer_of_two_names_is_weighed_once() -> None:
    net = nn.Module()
    net.conv = nn.Conv2d(3, 8, 3)
    net.features = nn.Sequential(net.conv, nn.ReLU())
    net.tied = nn.Conv2d(3, 8, 3, bias=False)
    net.tied.weight = net.conv.weight
    assert float_bytes(net) == 896
