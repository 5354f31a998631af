"""MiB that a few steps of a compression take at their peak, as estimated and as measured.

python tools/compress_memory.py gdfq-cifar resnet20-fashion32 64 1   # the last: batch, parts
"""

from __future__ import annotations

import copy
import sys

import torch

import autorecon
from autorecon import teachers
from autorecon.compress import CompressConfig, Compression
from autorecon.compress.engine.memory import estimates
from search_memory import held


def build(name: str, teacher: teachers.Teacher, batch: int, parts: int) -> Compression:
    space = autorecon.load(
        name, size=teacher.size, classes=teacher.classes, channels=teacher.channels
    )
    config = CompressConfig(
        "gdfq", bits="w4a4", batch=batch, warmup_steps=1, steps=1, epochs=2, calibration_batches=1
    )
    net = autorecon.generator(space, seed=0)
    return Compression(copy.deepcopy(teacher.module), config, net, parts=parts)


if __name__ == "__main__":
    name, loaded, batch, parts = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(1)
    small = teachers.load("resnet20-fashion16")
    warm = build("gdfq-cifar", small, 2, 1)  # what torch itself loads when it first trains
    for epoch in range(2):
        warm.run_epoch(epoch, lambda: None)
    teacher = teachers.load(loaded)
    before = held("VmRSS")
    stage = build(name, teacher, batch, parts)
    for epoch in range(2):
        stage.run_epoch(epoch, lambda: None)
    measured = held("VmHWM") - before
    found = estimates(build(name, teacher, batch, parts))(batch, parts)
    print(f"estimated {found.total / 2**20:.0f} MiB, measured {measured:.0f} MiB")
    print(found)
