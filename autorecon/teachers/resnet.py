"""ResNet-18, -34 and -50 (He et al. 2016, Table 1) in the form for 32x32 images.

The stem is a 3x3 convolution and there is no max pooling; all else, the names of the parameters
too, is as in torchvision, which has the form for 224x224.
"""

from __future__ import annotations

from torch import Tensor, nn

from autorecon.teachers.resnet_cifar import initialise

STEM = 64


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside a shortcut: x [N, in, H, W]."""

    expansion = 1

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.downsample = _projection(inputs, width, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Features [N, width, H / stride, W / stride]."""
        features = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(features)) + self.downsample(x))


class Bottleneck(nn.Module):
    """A 3x3 convolution between two of 1x1, beside a shortcut: x [N, in, H, W]."""

    expansion = 4

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        outputs = width * self.expansion
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.downsample = _projection(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Features [N, 4 * width, H / stride, W / stride]."""
        features = self.relu(self.bn1(self.conv1(x)))
        features = self.relu(self.bn2(self.conv2(features)))
        return self.relu(self.bn3(self.conv3(features)) + self.downsample(x))


class ResNet(nn.Module):
    """Images [N, channels, H, W] to logits [N, classes]; H and W are halved three times."""

    def __init__(
        self,
        block: type[BasicBlock | Bottleneck],
        blocks: tuple[int, int, int, int],
        classes: int,
        channels: int,
        width: float,
    ) -> None:
        super().__init__()
        stem = round(STEM * width)
        self.conv1 = nn.Conv2d(channels, stem, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.relu = nn.ReLU()
        sides = [stem, *(block.expansion * stem * 2**stage for stage in range(4))]
        self.layer1 = _stage(block, sides[0], stem, blocks[0], 1)
        self.layer2 = _stage(block, sides[1], 2 * stem, blocks[1], 2)
        self.layer3 = _stage(block, sides[2], 4 * stem, blocks[2], 2)
        self.layer4 = _stage(block, sides[3], 8 * stem, blocks[3], 2)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(sides[4], classes)
        self.apply(initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, classes]."""
        features = self.relu(self.bn1(self.conv1(x)))
        features = self.layer4(self.layer3(self.layer2(self.layer1(features))))
        return self.fc(self.avgpool(features).flatten(1))


def resnet18(classes: int = 10, channels: int = 3, width: float = 1.0) -> ResNet:
    """ResNet-18: 11.2 M parameters at width 1, where the first stage has 64 channels."""
    return ResNet(BasicBlock, (2, 2, 2, 2), classes, channels, width)


def resnet34(classes: int = 10, channels: int = 3, width: float = 1.0) -> ResNet:
    """ResNet-34: 21.3 M parameters at width 1."""
    return ResNet(BasicBlock, (3, 4, 6, 3), classes, channels, width)


def resnet50(classes: int = 10, channels: int = 3, width: float = 1.0) -> ResNet:
    """ResNet-50: 23.5 M parameters at width 1; a stage's stride is in its 3x3 convolution."""
    return ResNet(Bottleneck, (3, 4, 6, 3), classes, channels, width)


def _stage(
    block: type[BasicBlock | Bottleneck], inputs: int, width: int, blocks: int, stride: int
) -> nn.Sequential:
    later = (block(width * block.expansion, width, 1) for _ in range(blocks - 1))
    return nn.Sequential(block(inputs, width, stride), *later)


def _projection(inputs: int, outputs: int, stride: int) -> nn.Module:
    """Option B: a 1x1 convolution where the shape changes."""
    if stride == 1 and inputs == outputs:
        return nn.Identity()
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
