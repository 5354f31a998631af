"""Networks to compress, at random. A text has a line for each part, its kind and its chance: what
the parts are follows from that, and those that are left fit together when one is left out."""

from __future__ import annotations

from random import Random
from typing import Any

import attrs
import torch
from torch import Tensor, nn

import fuzzing.composed  # noqa: F401, whose parts are among the layers from then on
from fuzzing.layers import LAYERS, REFUSED, Written

IMAGE = (3, 8, 8)
CLASSES = 5
MOST = 40_000  # numbers between two parts
PARTS = (1, 1, 1, 2, 2, 2, 3, 4, 6)
HEADS = ("pooled", "flat", "convolved", "mean")


def draft(random: Random) -> str:
    """The lines of a network; most kinds are as likely as others."""
    kinds = sorted(LAYERS)
    rare = random.random() < 0.8  # that nothing is in it that need not be captured
    some = [kind for kind in kinds if not (rare and kind in REFUSED)]
    parts = [random.choice(some) for _ in range(random.choice(PARTS))]
    lines = [f"{kind} {random.randrange(1000)}" for kind in ["conv", *parts, "activation_last"]]
    style = random.choice(("sequential", "loop", "nested"))
    heads = "several" if random.random() < 0.03 else random.choice(HEADS)
    return "\n".join([*lines, f"{heads} {random.randrange(1000)}", f"{style} 0"]) + "\n"


@attrs.frozen(eq=False)
class Network:
    """A text and the module that it stands for."""

    text: str
    module: nn.Module

    @property
    def must_be_captured(self) -> bool:
        kinds = {line.split()[0] for line in self.text.splitlines()}
        return not kinds & {*REFUSED, "several"}

    def again(self) -> nn.Module:
        found = network(self.text)
        assert found is not None
        return found.module


def network(text: str) -> Network | None:
    """The module of a text, in eval mode; None where it fails by itself on images."""
    try:
        module = built(text)
        with torch.no_grad():
            answers = module(images(4))
    except Exception:
        return None
    if isinstance(answers, Tensor) and (answers.ndim != 2 or not answers.isfinite().all()):
        return None
    return Network(text, module)


def images(count: int, seed: int = 0) -> Tensor:
    return torch.randn(count, *IMAGE, generator=torch.Generator().manual_seed(seed))


def built(text: str) -> nn.Module:
    torch.manual_seed(0)
    x, parts, style = images(2), list[nn.Module](), "loop"
    with torch.no_grad():
        for line in text.splitlines():
            kind, chance = line.split()
            if kind in ("sequential", "loop", "nested"):
                style = kind
                continue
            part = _part(kind, Random(int(chance)), x).eval()
            stirred(part)
            parts.append(part)
            x = part(x)
            if isinstance(x, Tensor) and x.numel() > MOST:
                raise ValueError("the maps grow too large")
    return _put_together(parts, style).eval()


def _part(kind: str, random: Random, x: Tensor) -> nn.Module:
    if kind == "activation_last":
        return nn.ReLU()
    if kind in LAYERS:
        return LAYERS[kind](random, (x.shape[1], min(x.shape[2:])))
    return _head(kind, x)


def _head(kind: str, x: Tensor) -> nn.Module:
    c, numbers = x.shape[1], x[0].numel()
    if kind == "flat":
        return nn.Sequential(nn.Flatten(), nn.Linear(numbers, CLASSES))
    if kind == "convolved":
        return nn.Sequential(nn.Conv2d(c, CLASSES, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    if kind == "mean":
        return Written(lambda net, x: net.fc(x.mean([2, 3])), fc=nn.Linear(c, CLASSES))
    if kind == "several":
        one, other = nn.Linear(c, CLASSES), nn.Linear(c, 2)
        return Written(lambda net, x: _both(net, x.mean((2, 3))), one=one, other=other)
    return nn.Sequential(
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.1), nn.Linear(c, CLASSES)
    )


def _both(net: Any, x: Tensor) -> Any:
    return net.one(x), net.other(x)


def stirred(part: nn.Module) -> None:
    """Statistics and gains that are not those of an untrained norm."""
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 1.5)
            if module.affine:
                nn.init.uniform_(module.weight, -1, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)


def _put_together(parts: list[nn.Module], style: str) -> nn.Module:
    if style == "sequential":
        return nn.Sequential(*parts)
    if style == "nested" and len(parts) > 2:
        middle = len(parts) // 2
        return Written(
            lambda net, x: net.head(net.body(x)),
            body=nn.Sequential(*parts[:middle]), head=nn.Sequential(*parts[middle:]),
        )  # fmt: skip
    return Written(_one_by_one, parts=nn.ModuleList(parts))


def _one_by_one(net: Any, x: Tensor) -> Tensor:
    for part in net.parts:
        x = part(x)
    return x
