"""ResNets for small images (He et al. 2016, section 4.2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

WIDTHS = (16, 32, 64)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut without parameters (option A): x [N, in, H, W]."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.stride = stride
        self.added = outputs - inputs

    def forward(self, x: Tensor) -> Tensor:
        """Features [N, out, H / stride, W / stride]."""
        features = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(features)) + self.shortcut(x))

    def shortcut(self, x: Tensor) -> Tensor:
        """Option A: every stride-th pixel, and zeros for the channels that are new."""
        if not self.added and self.stride == 1:
            return x
        before = self.added // 2
        strided = x[:, :, :: self.stride, :: self.stride]
        return functional.pad(strided, (0, 0, 0, 0, before, self.added - before))


class ResNet(nn.Module):
    """Images [N, channels, H, W] to logits [N, classes]; depth = 6 * blocks + 2."""

    def __init__(self, blocks: int, classes: int, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], blocks, 1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], blocks, 2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], blocks, 2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(WIDTHS[2], classes)
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, classes]."""
        features = self.relu(self.bn1(self.conv1(x)))
        features = self.layer3(self.layer2(self.layer1(features)))
        return self.fc(self.pool(features).flatten(1))


def resnet20(classes: int = 10, channels: int = 3) -> ResNet:
    """ResNet-20: a 3x3 stem and three stages of three blocks, 0.27 M parameters."""
    return ResNet(3, classes, channels)


def _stage(inputs: int, outputs: int, blocks: int, stride: int) -> nn.Sequential:
    later = (BasicBlock(outputs, outputs, 1) for _ in range(blocks - 1))
    return nn.Sequential(BasicBlock(inputs, outputs, stride), *later)


def initialise(module: nn.Module) -> None:
    """He et al. 2015, by what goes out."""
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
