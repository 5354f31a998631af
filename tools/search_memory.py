"""MiB that a short search takes at its peak, as estimated (`estimate`) or as measured (`measure`).

python tools/search_memory.py measure log 64 32 32 fp32     # strategy, width, size, batch; or bf16
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

import autorecon
from autorecon import teachers
from autorecon.nn import Compute
from autorecon.search import Search, SearchConfig
from autorecon.search.memory import estimate


def held(key: str) -> float:
    """`VmRSS` or, at its peak, `VmHWM` of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(key)).split()[1]) / 1024


def search(strategy: str, width: int, size: int, batch: int, compute: Compute) -> None:
    net, teacher, config = parts(strategy, width, size, batch)
    stage = Search(net, teacher, config, compute=compute)
    for epoch in range(config.epochs):
        stage.run_epoch(epoch, lambda: None)


def parts(strategy: str, width: int, size: int, batch: int) -> tuple:
    teacher = teachers.load(f"resnet20-fashion{size}").module
    space = autorecon.load("paper", width=width, size=size, classes=10, channels=1)
    config = SearchConfig(
        strategy, batch=batch, epochs=2, warmup_epochs=1, weight_steps=2, architecture_steps=2
    )
    return autorecon.supernet(space, seed=0), teacher, config


if __name__ == "__main__":
    how, strategy, *numbers, precision = sys.argv[1:]
    settings = [int(number) for number in numbers]
    compute = Compute(bf16=precision == "bf16")
    torch.set_num_threads(1)
    if how == "estimate":
        print(estimate(*parts(strategy, *settings), compute).total / 2**20)
    else:
        search(strategy, 8, 16, 2, compute)  # what torch itself loads when it first trains
        before = held("VmRSS")
        search(strategy, *settings, compute)
        print(held("VmHWM") - before)
