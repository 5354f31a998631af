"""What this machine's GPU makes of a search and a compression, as one table, in five minutes.

    python tools/check_device.py [--device cuda|cpu] [--tiny] [--seconds 280]

Without `--device` it takes CUDA where there is any. A search of `paper` at width 64 and a
compression by GDFQ, 50 steps of each, of the shipped ResNet-20s at 16x16 and 32x32 and of
torchvision's ResNet-18 at 224x224 with random weights, whose norms have seen noise; in float32,
TF32, bfloat16, and channels last. For each: milliseconds a step after the first ten, which share
that is of the fastest product of matrices in the same numbers, measured here, and the most memory
that tensors held beside what was estimated. Before that: losses beside those of the CPU in float32,
what waited for the device, soft and hard steps beside one that computes every candidate; and at the
end torch.compile and CUDA graphs.

What fails is a row that says so, and the others follow; what there is no time for says that.
`--tiny` goes the same way in seconds, on any machine, to try this file: its figures mean nothing.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from functools import partial
from itertools import product as product_of
from random import Random
from typing import Any

import attrs
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

import autorecon
from autorecon import teachers
from autorecon.compress import CompressConfig, Compression
from autorecon.compress.engine.memory import estimates
from autorecon.graph.sampling.sample import first_valid
from autorecon.nn import Compute, edge_mixture
from autorecon.search import Search, SearchConfig
from autorecon.search.memory import estimate
from autorecon.search.samples import one_path

WARM = 10
Make = Callable[["Case", Compute, "Size"], tuple[Any, int]]

WAITS = "synchronizing CUDA operation"  # how torch's warning calls what waits


@attrs.frozen
class Size:
    """How much is done."""

    width: int = 64
    steps: int = 50
    search_batch: int = 32
    batch: int = 64
    large: int = 224
    large_batch: int = 16
    product: int = 8192
    repeats: int = 10


TINY = Size(
    width=4, steps=2, search_batch=2, batch=4, large=32, large_batch=2, product=64, repeats=1
)


@attrs.frozen
class Numbers:
    """What a stage is computed in; `tf32` is what CUDA may make of float32."""

    name: str
    bf16: bool = False
    channels_last: bool = False
    tf32: bool = False

    def on(self, device: str) -> Compute:
        for settings in (torch.backends.cuda.matmul, torch.backends.cudnn):
            settings.allow_tf32 = self.tf32
        return Compute(self.bf16, self.channels_last, device)


FP32 = Numbers("fp32")
LAST = Numbers("fp32-channels-last", channels_last=True)
BF16, BOTH = Numbers("bf16", True), Numbers("bf16-channels-last", True, True)
ON_CPU = (FP32, LAST, BF16, BOTH)
ON_CUDA = (FP32, Numbers("tf32", tf32=True), BF16, BOTH, attrs.evolve(LAST, tf32=True))


@attrs.frozen
class Case:
    """A teacher, and the generator that is made for it."""

    name: str
    teacher: Callable[[], nn.Module]
    side: int
    classes: int
    channels: int
    generator: str
    batch: int

    def space(self, name: str, **settings: Any) -> autorecon.Space:
        shape = {"size": self.side, "classes": self.classes, "channels": self.channels}
        return autorecon.load(name, **shape, **settings)


def cases(size: Size) -> list[Case]:
    found = [
        Case(name, partial(_shipped, name), side, 10, 1, "gdfq-cifar", size.batch)
        for name, side in (("resnet20-fashion16", 16), ("resnet20-fashion32", 32))
    ]
    large = partial(_resnet18, size.large)
    return [*found, Case("resnet18", large, size.large, 1000, 3, "gdfq-imagenet", size.large_batch)]


def _shipped(name: str) -> nn.Module:
    return teachers.load(name).module


def _resnet18(side: int) -> nn.Module:
    """With random weights, and the statistics of what these make of noise."""
    from torchvision.models import resnet18

    torch.manual_seed(0)
    net = resnet18(weights=None)
    for norm in (m for m in net.modules() if isinstance(m, nn.BatchNorm2d)):
        norm.momentum = None  # the mean of all batches
    with torch.no_grad():
        for _ in range(2):
            net(torch.randn(4, 3, side, side))
    return net.eval()


def searching(case: Case, compute: Compute, size: Size) -> tuple[Any, int]:
    """A stage of one epoch, and the bytes that it is estimated to take."""
    half = {"weight_steps": size.steps // 2, "architecture_steps": size.steps // 2}
    given = {"epochs": 1, "warmup_epochs": 0, "batch": min(size.search_batch, case.batch)}
    config = SearchConfig(**given | half)
    net = autorecon.supernet(case.space("paper", width=size.width), seed=0)
    teacher = case.teacher()
    bytes = estimate(net, teacher, config, compute).total
    return Search(net, teacher, config, compute=compute), bytes


def compressing(case: Case, compute: Compute, size: Size) -> tuple[Any, int]:
    """The same of a compression, a step of which is one of the generator and one of the student."""

    def stage() -> Compression:
        net = autorecon.generator(case.space(case.generator), seed=0)
        return Compression(case.teacher(), config, net, compute=compute)

    steps = {"epochs": 1, "warmup_steps": 0, "steps": size.steps, "calibration_batches": 1}
    config = CompressConfig("gdfq", bits="w4a4", batch=case.batch, **steps)
    bytes = estimates(stage())(case.batch, 1).total
    return stage(), bytes


@attrs.define
class Device:
    """Where all is computed, and when it has to end."""

    name: str
    end: float
    rows: int = 0
    failed: int = 0

    @property
    def is_cuda(self) -> bool:
        return self.name.startswith("cuda")

    def wait(self) -> None:
        if self.is_cuda:
            torch.cuda.synchronize(self.name)

    def seconds(self, work: Callable[[], Any], repeats: int) -> float:
        """Of one call, the first of which does not count."""
        work()
        self.wait()
        start = time.perf_counter()
        for _ in range(repeats):
            work()
        self.wait()
        return (time.perf_counter() - start) / repeats

    def row(self, name: str, work: Callable[[], str]) -> None:
        """Print what a trial comes to, be it that it fails."""
        told = "not tried: the time is up"
        if time.monotonic() < self.end:
            try:
                told = work()
            except Exception as error:  # whatever a device, or what is tried on it, may raise
                told = f"failed: {type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
                self.failed += 1
        self.rows += 1
        print(f"{name:<58} {told}", flush=True)
        if self.is_cuda:
            torch.cuda.empty_cache()


def product(device: Device, numbers: Numbers, size: Size) -> float:
    """Operations a second of the fastest product of two matrices."""
    numbers.on(device.name)
    dtype = torch.bfloat16 if numbers.bf16 else torch.float32
    a, b = (torch.randn(size.product, size.product, device=device.name).to(dtype) for _ in "ab")
    return 2 * size.product**3 / device.seconds(lambda: a @ b, size.repeats)


def tried(device: Device, make: Make, case: Case, numbers: Numbers, size: Size, peak: float) -> str:
    """Run a stage: milliseconds a step, operations a second of the peak, memory of the estimate."""
    stage, estimated = make(case, numbers.on(device.name), size)
    if device.is_cuda:
        torch.cuda.reset_peak_memory_stats(device.name)
    warm, total = min(WARM, stage.ticks // 2), stage.ticks
    done, times = 0, list[float]()

    def tick() -> None:
        nonlocal done
        done += 1
        if done in (warm, total):
            device.wait()
            times.append(time.perf_counter())

    stage.run_epoch(0, tick)
    a_step = (times[1] - times[0]) / (total - warm)
    share = _operations(stage) / a_step / peak
    held = f"estimated {estimated / 2**20:,.0f} MiB"
    if device.is_cuda:
        held = f"{torch.cuda.max_memory_allocated(device.name) / 2**20:,.0f} MiB held, {held}"
    return f"{a_step * 1e3:9.1f} ms a step {share:7.1%} of the peak   {held}"


def _operations(stage: Any) -> float:
    """Of convolutions and products, in a step as the trial's are on the mean."""
    search = isinstance(stage, Search)
    steps = [stage._weight_step, stage.strategy.step] if search else [partial(stage._joint, 0)]
    with FlopCounterMode(display=False) as counter:
        for step in steps:
            step()
    return counter.get_total_flops() / len(steps)


def agreement(device: Device, make: Make, case: Case, size: Size) -> str:
    """How far the losses of the first four steps are from those of the CPU in float32."""
    few = attrs.evolve(size, steps=4)

    def losses(place: str) -> dict[str, float]:
        row = make(case, FP32.on(place), few)[0].run_epoch(0, lambda: None)
        return _losses(row)

    here, there = losses("cpu"), losses(device.name)
    apart = {name: abs(there[name] - v) / max(abs(v), 1e-6) for name, v in here.items()}
    worst = max(apart, key=lambda name: apart[name])
    return f"{apart[worst]:.1e} apart at most, relative, in {worst}"


def _losses(row: dict[str, Any]) -> dict[str, float]:
    """Of an epoch of a search or a compression."""
    phases = {phase: row.get(phase, {}) for phase in ("weights", "architecture")}
    found = {f"{phase}.{name}": v for phase, own in phases.items() for name, v in own.items()}
    return found | {n: v for n, v in row.items() if n.startswith(("generator.", "student."))}


def candidates(device: Device, case: Case, size: Size) -> str:
    """A soft and a hard step of the super net, beside one that computes every candidate."""
    compute, space = FP32.on(device.name), case.space("paper", width=size.width)
    nets = [autorecon.supernet(space, seed=0, fuse=fuse) for fuse in (True, False)]
    for net in nets:
        compute.place(net)
    z, y = nets[0].example_inputs(size.search_batch)
    picks = first_valid(space, Random(0), 1000)
    assert picks
    hard = edge_mixture(space, one_path(space, picks))

    def seconds(net: nn.Module, mixture: Any = None) -> float:
        return device.seconds(lambda: net(z, y, mixture).square().mean().backward(), size.repeats)

    every, fused, one = seconds(nets[1]), seconds(nets[0]), seconds(nets[0], hard)
    return (
        f"{every * 1e3:9.1f} ms every candidate; soft {every / fused:.2f} times as fast, "
        f"hard {every / one:.2f}"
    )


def waited(device: Device, make: Make, case: Case, size: Size) -> str:
    """What of an epoch's steps waited for a GPU, as torch itself tells."""
    if not device.is_cuda:
        return "no GPU: tests/test_waiting.py tries it without one"
    stage, _ = make(case, FP32.on(device.name), size)
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        try:
            stage.run_epoch(0, lambda: None)
        finally:
            torch.cuda.set_sync_debug_mode("default")
    places = [f"{w.filename}:{w.lineno}" for w in found if WAITS in str(w.message)]
    return f"{len(places)} times in {stage.ticks} steps and at their end: {sorted(set(places))}"


def quicker(device: Device, case: Case, size: Size, how: str) -> str:
    """Forward and backward of the teacher, as for a generator's loss, beside a way to hasten it."""
    teacher = case.teacher().requires_grad_(False)
    FP32.on(device.name).place(teacher)
    shape = (case.batch, case.channels, case.side, case.side)
    images = torch.randn(shape, device=device.name, requires_grad=True)
    if how == "torch.compile":
        other = torch.compile(teacher)
    else:
        other = torch.cuda.make_graphed_callables(teacher, (images,))

    def step(net: Callable[..., Any]) -> None:
        images.grad = None
        net(images).square().mean().backward()

    plain = device.seconds(partial(step, teacher), size.repeats)
    fast = device.seconds(partial(step, other), size.repeats)
    return f"{plain * 1e3:9.1f} ms, {fast * 1e3:.1f} with it: {plain / fast:.2f} times as fast"


def check(device: Device, size: Size, tiny: bool) -> None:
    ways = ON_CUDA if device.is_cuda else ON_CPU
    found, peaks = cases(size), dict[tuple[bool, bool], float]()
    if tiny:
        ways, found = ways[:1], found[::2]

    def peak(numbers: Numbers) -> str:
        peaks[numbers.bf16, numbers.tf32] = most = product(device, numbers, size)
        return f"{most / 1e12:9.2f} TFLOP/s"

    for numbers in ways:
        if (numbers.bf16, numbers.tf32) not in peaks:
            device.row(f"product of matrices, {numbers.name}", partial(peak, numbers))
    stages = {"search": searching, "compression": compressing}
    for what, make in stages.items():
        device.row(
            f"losses beside the CPU's, {what}", partial(agreement, device, make, found[0], size)
        )
        device.row(f"waits for the device, {what}", partial(waited, device, make, found[0], size))
    for case in found[:2]:
        device.row(f"candidates, {case.side}x{case.side}", partial(candidates, device, case, size))
    for case, (what, make) in product_of(found, stages.items()):
        for numbers in ways:
            most = peaks.get((numbers.bf16, numbers.tf32), float("nan"))
            device.row(
                f"{what}, {case.name}, {case.side}x{case.side}, {numbers.name}",
                partial(tried, device, make, case, numbers, size, most),
            )
    for case in found:
        for how in ("CUDA graphs", "torch.compile") if device.is_cuda else ("torch.compile",):
            if not tiny:  # a compiler takes longer than all else
                device.row(f"{how}, {case.name}", partial(quicker, device, case, size, how))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    default = "cuda" if torch.cuda.is_available() else "cpu"
    parser.add_argument("--device", default=default)
    parser.add_argument("--tiny", action="store_true")
    parser.add_argument("--seconds", type=float, default=280.0)
    given = parser.parse_args()
    try:
        torch.zeros(1, device=given.device)
    except (AssertionError, RuntimeError) as error:
        parser.error(f"{given.device} cannot be used here: {str(error).partition(chr(10))[0]}")
    device = Device(given.device, time.monotonic() + given.seconds)
    check(device, TINY if given.tiny else Size(), given.tiny)
    print(f"{device.rows} rows, of which {device.failed} failed")


if __name__ == "__main__":
    main()
