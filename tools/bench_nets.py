"""How fast compiled nets are, each against the plain way, in one process and in turns.

    python tools/bench_nets.py [--threads 2] [--cpu] [--only NAME] [--json] [--growth growth.svg]

Medians and, after them, the distance between the quartiles. What is timed is checked to give the
same: a difference beyond rounding ends the benchmark with an error. On a machine that others use
at the same time, `--cpu --threads 1` tells more.
"""

from __future__ import annotations

import argparse
import copy
import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import attrs
import torch
from torch import Tensor, nn

import autorecon
from autorecon import teachers
from autorecon.compress import Bits, CompressConfig, Compression, quantize
from autorecon.data import Dataset, Split, accuracy
from autorecon.graph import Space
from autorecon.graph.sampling.sample import sample
from autorecon.nn import Compute, OneCandidate, SuperNet
from autorecon.objective import Request
from gdfq_reference import Reference
from growth import Point, chain, dense, plot

BATCH, WIDTH = 32, 64
FP32, BF16 = Compute(), Compute(bf16=True)
# How far, relative to their size, images in bfloat16 may be from those in float32.
BF16_NEAR = 0.03
GENOTYPES = ("paper-cifar10", "paper-cifar100", "gdfq-cifar")
SCORED = ("resnet20-fashion16", "resnet18-fashion32", "mobilenetv2-fashion32")


class Clock:
    """What seconds are counted with."""

    now: Callable[[], float] = time.perf_counter


@attrs.frozen
class Row:
    """`ours` and `plain` in `unit`; the ratio of the two should be at least `aim`."""

    name: str
    ours: float
    spread: float
    plain: float
    plain_spread: float
    unit: str
    aim: float
    faster: float

    @property
    def line(self) -> str:
        verdict = "met" if self.faster >= self.aim else "MISSED"
        ours = f"{self.ours:>10.4g} ({self.spread:.2g})"
        plain = f"{self.plain:>10.4g} ({self.plain_spread:.2g})"
        return (
            f"{self.name:<44}{ours:<20}{plain:<20}{self.unit:<11}{self.faster:6.2f} x"
            f"  aim {self.aim:g}  {verdict}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--cpu", action="store_true", help="CPU seconds, not those of the clock")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--only", choices=list(PARTS), help="one part of the table")
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    parser.add_argument("--growth", type=Path, help="where the growth is drawn, .svg or .png")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    Clock.now = time.process_time if options.cpu else time.perf_counter
    rows: list[Row] = []
    for name, part in PARTS.items():
        if options.only in (None, name):
            found = part(options.repeats) if name != "growth" else growth(options)
            rows += found
            if not options.json:
                print("\n".join(row.line for row in found), flush=True)
    if options.json:
        print(json.dumps([attrs.asdict(row) for row in rows], indent=1))


def in_turns(works: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Seconds of each, one after the other, `repeats` times after a first round that warms up."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats + 1):
        for name, work in works.items():
            gc.collect()
            start = Clock.now()
            work()
            if turn:
                seconds[name].append(Clock.now() - start)
    return seconds


def compared(
    name: str, ours: list[float], plain: list[float], aim: float, scale: float, unit: str
) -> Row:
    """Ratios are of neighbours in time, which share whatever else the machine does."""
    middle = [statistics.median(values) for values in (ours, plain)]
    spreads = [_spread(values) for values in (ours, plain)]
    ratio = statistics.median(p / o for o, p in zip(ours, plain, strict=True))
    return Row(
        name, middle[0] * scale, spreads[0] * scale, middle[1] * scale, spreads[1] * scale,
        unit, aim, ratio,
    )  # fmt: skip


def _spread(values: list[float]) -> float:
    if len(values) < 2:
        return 0.0
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def _same(ours: Tensor, plain: Tensor, what: str) -> None:
    if not torch.allclose(ours, plain, atol=2e-4, rtol=2e-3):
        off = float((ours - plain).abs().max())
        raise SystemExit(f"wrong result: {what} differs by {off:.2g}")


def supernets(repeats: int) -> list[Row]:
    """Forward and backward of a super net, soft and hard, and what backward keeps."""
    space = autorecon.load("paper", width=WIDTH, classes=10)
    fused, plain = (autorecon.supernet(space, seed=0, fuse=fuse) for fuse in (True, False))
    z, y = fused.example_inputs(BATCH, torch.Generator().manual_seed(0))
    soft = _soft(space)
    images = plain(z, y, soft)
    _same(fused(z, y, soft), images, "a super net's image")
    rounded = BF16(fused, z, y, soft) - images
    if not rounded.norm() < BF16_NEAR * images.norm():
        raise SystemExit("wrong result: a super net's image in bf16")
    random = Random(0)
    seconds = in_turns(
        {
            "ours": lambda: _step(fused, z, y, soft),
            "bf16": lambda: _step(fused, z, y, soft, BF16),
            "hard": lambda: _step(fused, z, y, _hard(space, random)),
            "plain": lambda: _step(plain, z, y, soft),
        },
        repeats,
    )
    kept = [_kept(net, soft) for net in (fused, plain)]
    every = "every candidate run"
    return [
        compared(f"soft step, against {every}", seconds["ours"], seconds["plain"], 1.75, 1e3, "ms"),
        compared("the same in bf16, against it", seconds["bf16"], seconds["plain"], 3.2, 1e3, "ms"),
        compared(f"hard step, against {every}", seconds["hard"], seconds["plain"], 6.5, 1e3, "ms"),
        compared("saved activations", [kept[0]], [kept[1]], 4.0, 1.0, "MiB/sample"),
    ]


def _soft(space: Space) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(1)
    return {
        e.name: torch.rand(len(e.candidates), generator=random).softmax(0).requires_grad_()
        for e in space.choices
    }


def _hard(space: Space, random: Random) -> dict[str, OneCandidate]:
    while True:
        picks = sample(space, random)
        if space.liveness.is_valid(picks):
            break
    one = torch.ones((), requires_grad=True)
    return {e.name: OneCandidate(k, one) for e, k in zip(space.choices, picks, strict=True)}


def _step(
    net: SuperNet, z: Tensor, y: Tensor, mixture: Mapping[str, Any], compute: Compute = FP32
) -> None:
    net.zero_grad()
    compute(net, z, y, mixture).square().mean().backward()


def _kept(net: nn.Module, mixture: Mapping[str, Any]) -> float:
    """MiB a sample of all storages that backward keeps, but parameters."""
    z, y = net.example_inputs(BATCH)
    known = {p.untyped_storage().data_ptr() for p in net.parameters()}
    found: dict[int, tuple[int, Tensor]] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in known:
            found[storage.data_ptr()] = (storage.nbytes(), tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        net(z, y, mixture).sum()
    return sum(size for size, _ in found.values()) / BATCH / 2**20


@torch.no_grad()
def generators(repeats: int) -> list[Row]:
    """Forward of derived generators against the same modules called one by one."""
    rows = []
    for name in GENOTYPES:
        space = autorecon.load(name)
        fused, plain = (autorecon.generator(space, seed=0, fuse=fuse) for fuse in (True, False))
        z, y = fused.example_inputs(BATCH, torch.Generator().manual_seed(0))
        _same(fused(z, y), plain(z, y), f"an image of {name}")
        works = {"ours": partial(fused, z, y), "plain": partial(plain, z, y)}
        seconds = in_turns(works, repeats * 2)
        aim = 1.5 if name.startswith("paper") else 1.0
        title = f"forward of {name}"
        rows.append(compared(title, seconds["ours"], seconds["plain"], aim, 1e3, "ms"))
    return rows


def building(repeats: int) -> list[Row]:
    """Generators built of different genotypes; the aim is 50 a second."""
    space, random = autorecon.load("paper", width=WIDTH, classes=10), Random(0)
    found = []
    while len(found) < 20:
        picks = sample(space, random)
        if space.liveness.is_valid(picks):
            found.append(space.genotype(picks))
    waiting = iter(found * (repeats + 1))
    seconds = in_turns({"ours": lambda: autorecon.generator(next(waiting))}, 20)["ours"]
    rate = 1 / statistics.median(seconds)
    spread = _spread([1 / s for s in seconds])
    return [
        Row("building a derived module, against 50 /s", rate, spread, 50, 0, "/s", 1, rate / 50)
    ]


def gdfq(repeats: int) -> list[Row]:
    """A generator step and a student step, against hooks, plain reductions and a live teacher."""
    return [_gdfq(size, repeats) for size in (16, 32)]


def _gdfq(size: int, repeats: int) -> Row:
    teacher = teachers.load(f"resnet20-fashion{size}").module
    space = autorecon.load("gdfq-cifar", size=size, classes=10, channels=1)
    own = {"objective": "ce + 0.1*bns", "alpha": 1.0, "labels": "all"}  # as GDFQ has them
    config = CompressConfig("gdfq", bits="w4a4", steps=40, epochs=1, batch=64, **own)
    nets = [autorecon.generator(space, seed=0, fuse=fuse) for fuse in (True, False)]
    stage = Compression(teacher, config, nets[0])
    stage._begin()
    nets[1].load_state_dict(nets[0].state_dict())
    reference = Reference(nets[1], copy.deepcopy(teacher), copy.deepcopy(stage.student.module))
    draws = [nets[1].example_inputs(64, torch.Generator().manual_seed(k)) for k in range(99)]
    # Steps of both take the same noise, in turn.
    ours, plain = iter(draws), iter(draws)
    stage.source.ask = lambda count: _request(*next(ours))  # type: ignore[attr-defined]
    losses: dict[str, list[tuple[float, float]]] = {"ours": [], "plain": []}

    def step() -> None:
        _, parts = stage._joint(0)
        losses["ours"].append((float(parts["generator.total"]), float(parts["student.total"])))

    works = {"ours": step, "plain": lambda: losses["plain"].append(reference.step(*next(plain)))}
    seconds = in_turns(works, repeats)
    _same(torch.tensor(losses["ours"][0]), torch.tensor(losses["plain"][0]), "a loss of GDFQ")
    name = f"GDFQ iteration, ResNet-20, {size}x{size}, batch 64"
    return compared(name, seconds["ours"], seconds["plain"], 1.5, 1e3, "ms")


def _request(z: Tensor, y: Tensor) -> Request:
    return Request(y, None, z)


def scoring(repeats: int) -> list[Row]:
    """A quantized student's accuracy on 1,000 images of noise, against batches of 500."""
    return [_scoring(name, repeats) for name in SCORED]


def _scoring(name: str, repeats: int) -> Row:
    teacher = teachers.load(name)
    random = torch.Generator().manual_seed(0)
    images = torch.rand(1000, *teacher.image_shape, generator=random)
    split = Split(images, torch.randint(teacher.classes, (1000,), generator=random))
    names = tuple(map(str, range(teacher.classes)))
    size, channels = teacher.size, teacher.channels
    mean, std = (0.5,) * channels, (0.3,) * channels
    noise = Dataset("noise", size, channels, names, mean, std, lambda _: split)
    student = quantize(teacher.module, teacher.image_shape, Bits(4, 4))
    with torch.no_grad():
        student(noise.normalised(images[:64]))
    student.freeze()
    scores: dict[str, float] = {}
    works = {
        way: lambda way=way, batch=batch: scores.update(
            {way: accuracy(student.module, noise, batch=batch)}
        )
        for way, batch in (("ours", None), ("plain", 500))
    }
    seconds = in_turns(works, repeats)
    if scores["ours"] != scores["plain"]:
        raise SystemExit(f"wrong result: accuracies of {name} differ: {scores}")
    title = f"accuracy on 1,000 images, {name}"
    return compared(title, seconds["ours"], seconds["plain"], 1.0, 1e3, "ms")


def memory(repeats: int) -> list[Row]:
    """Peak memory of searches, each in a process of its own: estimated and measured."""
    searches = (
        ("log", 64, 32, 32, "fp32"),
        ("log", 64, 32, 32, "bf16"),
        ("hard", 64, 32, 32, "fp32"),
        ("log", 32, 16, 64, "fp32"),
    )
    return [_memory(*search) for search in searches]


def _memory(*settings: Any) -> Row:
    tool = Path(__file__).with_name("search_memory.py")
    told, found = (_mib(tool, how, *settings) for how in ("estimate", "measure"))
    strategy, width, size, batch, precision = settings
    name = f"memory: {strategy}, width {width}, {size}x{size}, batch {batch}, {precision}"
    return Row(name, told, 0, found, 0, "MiB", 0.75, 1 - abs(told / found - 1))


def _mib(tool: Path, *words: Any) -> float:
    command = [sys.executable, str(tool), *map(str, words)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def growth(options: argparse.Namespace) -> list[Row]:
    """Step time of generated spaces: twice the edges, or candidates, against as much time twice."""
    row = _times([(n, chain(n, 6)) for n in (5, 10, 20, 40, 80)], options.repeats)
    pairs = _times([(n * (n - 1) // 2, dense(n, 6)) for n in (3, 5, 7, 10, 14)], options.repeats)
    many = _times([(n, chain(10, n)) for n in (2, 4, 6, 8, 10)], options.repeats)
    curves = {"edges in a row": row, "edges between all pairs": pairs, "candidates an edge": many}
    if options.growth:
        plot(options.growth, curves)
    if not options.json:
        print("\n".join(_told(name, points) for name, points in curves.items()))
    return [
        _grown("80 edges in a row, against 2 x 40", row[-1], row[-2]),
        _grown("91 edges between all pairs, against 2 x 45", pairs[-1], pairs[-2]),
        _grown("8 candidates an edge, against 2 x 4", many[3], many[1]),
    ]


def _times(spaces: list[tuple[int, Space]], repeats: int) -> list[Point]:
    works = {str(n): _worker(space) for n, space in spaces}
    seconds = in_turns(works, repeats)
    return [(n, seconds[str(n)]) for n, _ in spaces]


def _worker(space: Space) -> Callable[[], None]:
    net, mixture = autorecon.supernet(space, seed=0), _soft(space)
    z, y = net.example_inputs(BATCH)
    return lambda: _step(net, z, y, mixture)


def _told(name: str, points: list[Point]) -> str:
    found = (f"{n}: {statistics.median(s) * 1e3:.4g} ({_spread(s) * 1e3:.2g})" for n, s in points)
    return f"ms a step, {name}: {', '.join(found)}"


def _grown(name: str, large: Point, small: Point) -> Row:
    twice = [2 * s for s in small[1]]
    # A tenth is left for what the machine does meanwhile.
    return compared(name, large[1], twice, 0.9, 1e3, "ms")


PARTS: dict[str, Callable[[int], list[Row]]] = {
    "supernets": supernets,
    "generators": generators,
    "building": building,
    "gdfq": gdfq,
    "scoring": scoring,
    "memory": memory,
    "growth": lambda repeats: [],
}

if __name__ == "__main__":
    torch.manual_seed(0)
    main()
