"""Twenty steps of searches and compressions, by one process or shared by several: their losses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from datetime import timedelta
from functools import cache
from typing import Any

import torch
from torch import Tensor, distributed, nn

import autorecon
from autorecon.compress import CompressConfig, Compression
from autorecon.nn.processes import Processes
from autorecon.nn.whole_batch import together
from autorecon.search import Search, SearchConfig

STEPS, BATCH = 20, 6

SPACE = """space small(classes = 3)
input z [4]: noise
input y: label(classes)
node a [2, 4, 4] then bn
node b [2, 8, 8] then {norm} >> relu
output image [1, 8, 8] then bn(affine=false)
link z -> a = linear
link y -> a = embed
link a -> b = nearest | bilinear | none
link a -> image = nearest >> conv(1) | none
link b -> image = conv(3) | conv(1) | conv(5)
"""
EVERY_IMAGE = "ce + bns + bns_std + entropy + doubt + 0.01*tv + 0.1*l2 + spread + smooth"


class Student(nn.Module):
    """With all that looks at a whole batch in training: a norm's statistics, and what is drawn."""

    def __init__(self, dropping: bool = True) -> None:
        super().__init__()
        self.conv, self.bn = nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4)
        self.head, self.dropping = nn.Linear(4, 3), dropping

    def forward(self, x: Tensor) -> Tensor:
        x = nn.functional.relu(self.bn(self.conv(x)))
        if self.dropping:
            x = nn.functional.dropout2d(x, 0.3, self.training)
        if self.dropping and self.training:  # stochastic depth, as torchvision has it
            x = x * x.new_empty(len(x), 1, 1, 1).bernoulli_(0.8) + 0.1 * torch.rand_like(x)
        return self.head(x.mean((2, 3)))


def student() -> nn.Module:
    return Student()


@cache
def teacher() -> nn.Module:
    """In float64, as all that asks for it; it is captured once."""
    torch.manual_seed(0)
    net = Student(dropping=False)
    net.head.weight.data *= 10
    with torch.no_grad():
        for _ in range(5):
            net(torch.randn(16, 1, 8, 8))
    return net.eval()


def search(strategy: str, objective: str = EVERY_IMAGE) -> Search | Compression:
    net = autorecon.supernet(autorecon.loads(SPACE.format(norm="ccbn(y)")), seed=0)
    config = SearchConfig(
        strategy=strategy, objective=objective, batch=BATCH, epochs=STEPS // 2, warmup_epochs=0,
        weight_steps=1, architecture_steps=1,
    )  # fmt: skip
    return Search(net, teacher(), config)


def compress(method: str, parts: int = 1, **settings: Any) -> Search | Compression:
    config = CompressConfig(method, batch=BATCH, **settings)
    net = None
    if config.recipe.source == "generator":
        space = autorecon.loads(SPACE.format(norm="bn"))
        net = autorecon.generator(autorecon.supernet(space, seed=0).genotype(), seed=0)
    return Compression(teacher(), config, net, image_shape=(1, 8, 8), parts=parts)


_QUANTIZED = {"epochs": STEPS, "warmup_steps": 8, "steps": 12, "calibration_batches": 2}
_DISTILLED = {"epochs": STEPS, "steps": STEPS, "student": "shared_steps:student"}
_PICTURED = {"image_batches": 2, "image_steps": 5, "steps": 10, "epochs": 20}

CASES: dict[str, Callable[[], Search | Compression]] = {
    "log": lambda: search("log", EVERY_IMAGE + " + 0.1*macs + 0.1*alpha_entropy"),
    "evolution": lambda: search("evolution", EVERY_IMAGE + " + error"),
    "adadfq": lambda: compress("adadfq", parts=2, alignment=1.0, **_QUANTIZED),
    "qimera": lambda: compress("qimera", scheme="integer", student_lr=0.01, **_QUANTIZED),
    "abm": lambda: compress("abm", student_steps=1, **_DISTILLED),
    "kegnet": lambda: compress("kegnet", warmup_steps=2, **_DISTILLED | {"steps": STEPS - 2}),
    "deepinversion": lambda: compress("deepinversion", **_DISTILLED | _PICTURED),
    "fast": lambda: compress("fast", rounds=2, **_DISTILLED | _PICTURED),
    "zeroq": lambda: compress("zeroq", epochs=STEPS, image_steps=STEPS),
}


def losses(stage: Search | Compression) -> Iterator[dict[str, float]]:
    """Of every step, all of them; and what the weights are in the end."""
    for epoch in range(stage.epochs):
        row = stage.run_epoch(epoch, lambda: None)
        flat = {k: v for k, v in row.items() if isinstance(v, float)}
        for phase in ("weights", "architecture"):
            flat |= {f"{phase}.{name}": value for name, value in row.get(phase, {}).items()}
        yield flat
    net = stage.supernet if isinstance(stage, Search) else stage.student.module
    yield {name: float(values.double().norm()) for name, values in net.state_dict().items()}


def all_losses(shared: Processes | None = None) -> dict[str, list[dict[str, float]]]:
    torch.set_default_dtype(torch.float64)
    found = {}
    try:
        for name, make in CASES.items():
            stage = make()
            with together(shared) if shared else nullcontext():
                found[name] = list(losses(stage))
    finally:
        torch.set_default_dtype(torch.float32)
    return found


def shared_losses(place: str, rank: int, size: int) -> dict[str, list[dict[str, float]]]:
    """Those of the process of a rank, which meets the others at a file."""
    wait = timedelta(minutes=2)
    who = {"rank": rank, "world_size": size, "timeout": wait}
    distributed.init_process_group("gloo", f"file://{place}", **who)
    try:
        return all_losses(Processes(rank, size))
    finally:
        distributed.destroy_process_group()


if __name__ == "__main__":
    print(json.dumps(shared_losses(sys.argv[1], 1, 2)))
