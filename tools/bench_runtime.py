"""What integers bring where they run: a student in ONNX Runtime beside the float network.

    python tools/bench_runtime.py [torchvision's name] [--bits w8a8] [--seconds 10]

The network has random weights, which take the time that others do. Both files are run in turn, on
one thread, an image at a time. Aim: 1.8 times as fast for resnet18 where the processor has VNNI.
"""

from __future__ import annotations

import click
import torch
import torchvision

from autorecon.compress.quantization.bits import Bits
from autorecon.compress.quantization.quantize import quantize
from autorecon.export.processor import machine
from autorecon.export.runtime import Runtime
from autorecon.export.student import TIE
from autorecon.export.student_onnx import onnx_float, onnx_student
from autorecon.export.timing import interleaved
from autorecon.records.evaluation import Timing

SHAPE = (3, 224, 224)


@click.command()
@click.argument("name", default="resnet18")
@click.option("--bits", default="w8a8", show_default=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True)
def main(name: str, bits: str, seconds: float, threads: int) -> None:
    """Time the network NAME of torchvision at `--scheme integer` and in full precision."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    net = torchvision.models.get_model(name, weights=None).eval()
    image, noise = torch.randn(1, *SHAPE), torch.randn(4, *SHAPE)
    student = quantize(net, SHAPE, Bits.parse(bits), scheme="integer")
    with torch.no_grad():
        student(noise)
        student.freeze()
        expected = student(image)
    files = {
        "full precision": onnx_float(net, SHAPE),
        bits: onnx_student(student, SHAPE, integer=True),
    }
    ready = {name: Runtime.of(content, threads) for name, content in files.items()}
    far = float((ready[bits](image) - expected).abs().max() / expected.abs().max())
    runs = [lambda r=runtime: r(image) for runtime in ready.values()]
    found = dict(zip(files, interleaved(runs, 1, seconds), strict=True))
    click.echo(machine("onnxruntime", threads).text)
    for which, timing in found.items():
        click.echo(f"  {which:<16}{_shown(timing)}, {len(files[which]):,} bytes")
    kernels = f"{ready[bits].integer} of {ready[bits].products} products by integer kernels"
    ratio = found["full precision"].median / found[bits].median
    click.echo(f"  {ratio:.2f} times as fast; {kernels}; answers differ by {far:.0e}")
    if far > TIE:
        raise click.ClickException("the file answers otherwise than the student")


def _shown(timing: Timing) -> str:
    return f"{timing.median:7.2f} ms (half of {timing.calls} within {timing.spread:.2f})"


if __name__ == "__main__":
    main()
