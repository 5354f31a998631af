"""Whether a convolution after a bilinear x2 would pay at the low resolution, as after nearest.

    python tools/bench_bilinear.py [--repeats 7]

Both are a transposed convolution there. After bilinear its kernel is wider, and positions near the
border, where pixels are repeated and the convolution reads zeros, have to be computed as before.
CPU milliseconds on one thread, forward and backward, batch 32, 64 channels.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch import Tensor
from torch.nn import functional as F

from bench_nets import Clock, in_turns

BATCH, CHANNELS = 32, 64
BLUR = torch.tensor([0.25, 0.75, 0.75, 0.25])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=7)
    repeats = parser.parse_args().repeats
    torch.set_num_threads(1)
    Clock.now = time.process_time
    for kernel in (3, 5):
        for size in (4, 8, 16):
            found = measured(kernel, size, repeats)
            times = "  ".join(f"{name} {1e3 * s:.1f} ms" for name, s in found.items())
            print(f"{kernel}x{kernel}, {size}x{size} to {2 * size}x{2 * size}: {times}", flush=True)


def measured(kernel: int, size: int, repeats: int) -> dict[str, float]:
    x = torch.randn(BATCH, CHANNELS, size, size, requires_grad=True)
    weight = torch.randn(CHANNELS, CHANNELS, kernel, kernel, requires_grad=True)
    near = kernel // 2 + 1
    inner = slice(near, 2 * size - near)
    off = (plain(x, weight) - inside(x, weight))[:, :, inner, inner].abs()
    if off.numel() and off.max() > 1e-3:
        raise SystemExit(f"wrong result: the inside differs by {off.max():.2g}")
    works = {
        "plain": lambda: plain(x, weight).square().mean().backward(),
        "inside": lambda: inside(x, weight).square().mean().backward(),
        "border": lambda: border(x, weight).backward(),
    }
    return {n: statistics.median(s) for n, s in in_turns(works, repeats).items()}


def plain(x: Tensor, weight: Tensor) -> Tensor:
    return F.conv2d(enlarged(x), weight, padding=weight.shape[2] // 2)


def enlarged(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear")


def inside(x: Tensor, weight: Tensor) -> Tensor:
    """The same but near the border."""
    outs, ins, size, _ = weight.shape
    kernels = weight.flip(2, 3).reshape(outs * ins, 1, size, size)
    wider = F.conv2d(kernels, torch.outer(BLUR, BLUR)[None, None], padding=3)
    wider = wider.view(outs, ins, size + 3, size + 3).transpose(0, 1)
    return F.conv_transpose2d(x, wider, stride=2, padding=size // 2 + 1)


def border(x: Tensor, weight: Tensor) -> Tensor:
    """The positions near the four sides, each strip read with what lies around it."""
    reach = weight.shape[2] // 2
    wide, whole = slice(2 * reach + 1), enlarged(x)
    far = slice(whole.shape[2] - 2 * reach - 1, None)
    strips = [whole[:, :, s] for s in (wide, far)] + [whole[:, :, :, s] for s in (wide, far)]
    return sum(F.conv2d(s, weight, padding=reach).square().mean() for s in strips)  # type: ignore[return-value]


if __name__ == "__main__":
    main()
