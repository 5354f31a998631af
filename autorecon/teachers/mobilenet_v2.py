"""MobileNetV2 (Sandler et al. 2018, Table 2) in the form for 32x32 images.

The stem and the sixth stage keep the resolution, so that the last features are 4x4; all else, the
names of the parameters too, is as in torchvision, which has the form for 224x224.
"""

from __future__ import annotations

from torch import Tensor, nn

STEM, LAST = 32, 1280
# Expansion, channels, blocks and stride of each stage; in Table 2 the sixth has stride 2 as well.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 1),
    (6, 320, 1, 1),
)


class InvertedResidual(nn.Module):
    """Widened by 1x1, filtered 3x3 channel by channel, narrowed by 1x1 without an activation."""

    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        widen = [_convolution(inputs, hidden, 1)] if expansion != 1 else []
        self.conv = nn.Sequential(
            *widen,
            _convolution(hidden, hidden, 3, stride, groups=hidden),
            nn.Conv2d(hidden, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.adds = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """Features [N, out, H / stride, W / stride] of x [N, in, H, W]."""
        return x + self.conv(x) if self.adds else self.conv(x)


class MobileNetV2(nn.Module):
    """Images [N, channels, H, W] to logits [N, classes]."""

    def __init__(self, classes: int, channels: int, width: float) -> None:
        super().__init__()
        inputs = _scaled(STEM, width)
        layers: list[nn.Module] = [_convolution(channels, inputs, 3)]
        for expansion, base, blocks, first in STAGES:
            outputs = _scaled(base, width)
            for stride in (first, *[1] * (blocks - 1)):
                layers.append(InvertedResidual(inputs, outputs, stride, expansion))
                inputs = outputs
        # The paper widens the last layer with the others, and never narrows it.
        last = _scaled(LAST, max(1.0, width))
        self.features = nn.Sequential(*layers, _convolution(inputs, last, 1))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(last, classes))
        self.apply(_initialise)

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, classes]."""
        return self.classifier(self.pool(self.features(x)).flatten(1))


def mobilenet_v2(classes: int = 10, channels: int = 3, width: float = 1.0) -> MobileNetV2:
    """MobileNetV2: 2.2 M parameters at width 1."""
    return MobileNetV2(classes, channels, width)


def _convolution(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


def _scaled(channels: int, width: float) -> int:
    """The multiple of 8 nearest to channels * width, at most a tenth below it."""
    wanted = channels * width
    nearest = max(8, int(wanted + 4) // 8 * 8)
    return nearest + 8 if nearest < 0.9 * wanted else nearest


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out")
    elif isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, std=0.01)
        nn.init.zeros_(module.bias)
