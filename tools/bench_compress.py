"""What a GDFQ iteration costs beside the bare convolutions of its nets, in one process, in turns.

    python tools/bench_compress.py [--size 224] [--batch 16] [--repeats 5] [--threads 1] [--kinds]

At 32x32 the teacher is the shipped resnet20-fashion32, at 224x224 EfficientNet-Lite0 where
efficientnet-lite-pytorch is installed, else torchvision's MobileNetV2, both with random weights. An
iteration is a step of the generator and one of the student. Bare are the convolutions and linear
layers alone, each on a tensor of the shape that it meets, forward and backward: those of the
generator with all gradients, of the teacher with those of what enters, of the student with all;
no gradient is added to another. CPU seconds, medians, with the distance between the quartiles
behind them. `--kinds` adds a table of where the iterations' time goes, by the clock.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

import autorecon
from autorecon import teachers
from autorecon.compress import CompressConfig, Compression
from autorecon.runs.heap import keep_freed

SPACES = {32: "gdfq-cifar", 224: "gdfq-imagenet"}
BATCHES = {32: 64, 224: 16}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--batch", type=int, help=f"by default {BATCHES}, by size")
    parser.add_argument("--size", type=int, choices=SPACES, action="append")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kinds", action="store_true", help="time by kind of operation as well")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    keep_freed()  # as commands do
    print(f"{'':<44}{'iteration':>12}{'bare':>18}{'ratio':>10}")
    for size in options.size or SPACES:
        _row(size, options)


def _row(size: int, options: argparse.Namespace) -> None:
    name, teacher = teacher_of(size)
    batch = options.batch or BATCHES[size]
    stage = compression(teacher, size, batch)
    stage.run_epoch(0, lambda: None)  # calibrates, and warms up
    ours, bare = lambda: stage._joint(0), Bare(stage, batch)
    ratios, seconds = [], {"ours": list[float](), "bare": list[float]()}
    for _ in range(options.repeats):
        seconds["ours"].append(timed(ours))
        seconds["bare"].append(timed(bare))
        ratios.append(seconds["ours"][-1] / seconds["bare"][-1])
    shown = "".join(f"{_middle(values):>18}" for values in seconds.values())
    about = f"{name}, {size}x{size}, batch {batch}"
    print(f"{about:<40}{shown}{statistics.median(ratios):>8.2f} x", flush=True)
    if options.kinds:
        _print_kinds(ours, options.repeats)


def _middle(values: list[float]) -> str:
    low, _, high = statistics.quantiles(values, n=4) if len(values) > 1 else (0.0, 0.0, 0.0)
    return f"{statistics.median(values):.3f} s ({high - low:.2g})"


def teacher_of(size: int) -> tuple[str, nn.Module]:
    if size == 32:
        return "resnet20-fashion32", teachers.load("resnet20-fashion32").module
    try:
        from efficientnet_lite_pytorch import EfficientNet
    except ImportError:
        from torchvision.models import mobilenet_v2

        return "mobilenet_v2", mobilenet_v2().eval()
    return "efficientnet-lite0", EfficientNet.from_name("efficientnet-lite0").eval()


def compression(teacher: nn.Module, size: int, batch: int) -> Compression:
    """One whose first epoch is one step of both."""
    channels = next(p.shape[1] for p in teacher.parameters() if p.dim() == 4)
    with torch.no_grad():
        classes = teacher(torch.zeros(1, channels, size, size)).shape[1]
    space = autorecon.load(SPACES[size], size=size, classes=classes, channels=channels)
    config = CompressConfig(
        "gdfq", bits="w4a4", batch=batch, warmup_steps=0, steps=1, epochs=1, calibration_batches=1
    )
    return Compression(teacher, config, autorecon.generator(space, seed=0))


class Bare:
    """The convolutions and linear layers of an iteration, with nothing between them."""

    def __init__(self, stage: Compression, batch: int) -> None:
        generator = stage.source.generator  # type: ignore[attr-defined]
        self.calls: list[Callable[[], Any]] = []
        inputs = generator.example_inputs(batch)
        images = torch.randn(batch, *generator.image_shape)
        # Nothing learns what enters the generator or the student; the teacher's images do.
        self._note(generator, inputs, weights=True, images=False)
        self._note(stage.view.teacher, (images,), weights=False, images=True)
        self._note(stage.student.module, (images,), weights=True, images=False)

    def _note(self, net: nn.Module, inputs: Any, *, weights: bool, images: bool) -> None:
        from torch.utils._python_dispatch import TorchDispatchMode

        found: list[tuple[Any, tuple[Any, ...], dict[str, Any]]] = []

        class Watch(TorchDispatchMode):
            def __torch_dispatch__(self, function, types, args=(), kwargs=None):  # type: ignore
                if function in WANTED:
                    found.append((function, args, kwargs or {}))
                return function(*args, **(kwargs or {}))

        with torch.no_grad(), Watch():
            net(*inputs)
        self.calls += [_alone(call, weights, images or n > 0) for n, call in enumerate(found)]

    def __call__(self) -> None:
        for call in self.calls:
            call()


WANTED = (
    torch.ops.aten.convolution.default,
    torch.ops.aten.addmm.default,
    torch.ops.aten.mm.default,
    torch.ops.aten.bmm.default,
    torch.ops.aten.linear.default,
)


def _alone(call: Any, weights: bool, entering: bool) -> Callable[[], Any]:
    """A call on tensors of its own, whose gradients are those that the iteration needs."""
    function, args, kwargs = call
    first = 1 if function is torch.ops.aten.addmm.default else 0
    wanted = {first: entering, first + 1: weights}
    own = [
        torch.randn_like(a).requires_grad_(wanted.get(i, weights)) if isinstance(a, Tensor) else a
        for i, a in enumerate(args)
    ]
    learnt = [a for a in own if isinstance(a, Tensor) and a.requires_grad]
    with torch.no_grad():
        gradient = torch.ones_like(function(*own, **kwargs))
    return lambda: learnt and torch.autograd.grad(function(*own, **kwargs), learnt, gradient)


def timed(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


KINDS = {
    "convolutions, linear layers": (
        "aten::convolution",
        "aten::mm",
        "aten::bmm",
        "aten::addmm",
    ),
    "optimisers": ("Optimizer.",),
    "statistics of the teacher": ("_Statistics",),
    "quantizers": ("_FakeQuantize", "_Quantize"),
    "norms of generator, student": ("aten::native_batch_norm", "_ClassNorm"),
    "activations": (
        "aten::relu",
        "aten::leaky_relu",
        "aten::threshold_backward",
        "aten::hardtanh",
        "aten::clamp",
        "aten::tanh",
    ),
    "Python, between operations": ("iteration",),
}
"""By the names of operations, and what these begin with; the innermost that is known tells."""


def _print_kinds(work: Callable[[], Any], repeats: int) -> None:
    from torch.profiler import ProfilerActivity, profile, record_function

    with profile(activities=[ProfilerActivity.CPU]) as found:
        for _ in range(repeats):
            with record_function("iteration"):
                work()
    spent = dict.fromkeys([*KINDS, "all else"], 0.0)
    for event in found.events():
        spent[_kind(event)] += event.self_cpu_time_total / 1e6 / repeats
    whole = sum(spent.values())
    for kind, seconds in spent.items():
        print(f"    {kind:<36}{seconds:>10.3f} s{seconds / whole:>8.1%}")


def _kind(event: Any) -> str:
    own = event
    while event is not None:
        for kind, names in KINDS.items():
            # What stands between operations is the iteration's own time alone.
            if event.name.startswith(names) and (event.name != "iteration" or event is own):
                return kind
        event = event.cpu_parent
    return "all else"


if __name__ == "__main__":
    main()
