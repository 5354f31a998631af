"""What of torchvision's and timm's classifiers is captured and quantized: docs/networks.md.

Each network has random weights that keep the variance of features, and is quantized at w8a8 with
ranges of eight images of noise; the error is that of its answers to eight others. A network is
measured in a process of its own, and goes into docs/networks.jsonl, from which the page is
written; what is there already is not measured again.

    python tools/networks.py [NAME ...] [--page]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import signal
import time
from collections.abc import Mapping
from pathlib import Path

import attrs
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from autorecon.compress import Bits, CompressError, quantize

ROOT = Path(__file__).resolve().parent.parent
RECORDS = ROOT / "docs" / "networks.jsonl"
PAGE = ROOT / "docs" / "networks.md"
MEMORY = 12 * 2**30
SECONDS = 420
IMAGES = 8

TIMM = (
    "resnet50", "resnet50d", "resnext50_32x4d", "seresnet50", "ecaresnet50d", "res2net50_26w_4s",
    "resnest50d", "regnety_004", "efficientnet_b0", "efficientnet_lite0", "tf_efficientnetv2_b0",
    "mobilenetv2_100", "mobilenetv3_small_100", "mobilenetv4_conv_small", "mixnet_s",
    "densenet121", "dla34", "dpn68", "hrnet_w18_small", "inception_v4", "xception41", "repvgg_a0",
    "mobileone_s0", "ghostnet_100", "rexnet_100", "tinynet_a", "cspdarknet53", "ese_vovnet19b_dw",
    "fastvit_t8", "levit_128s", "efficientvit_b0", "vit_tiny_patch16_224", "deit_tiny_patch16_224",
    "swin_tiny_patch4_window7_224", "convnext_atto", "mixer_s16_224",
)  # fmt: skip
SIDES = {
    "inception_v3": 299,
    "inception": 160,
    "googlenet": 96,
    "maxvit": 224,
    "alexnet": 96,
    "vgg": 64,
    "vit_h_14": 112,
}
"""Sides of images, by the first letters of names, where 64 pixels are too few."""
AS_BUILT = ("vit_tiny", "deit_tiny", "swin_tiny", "mixer", "levit", "fastvit")
TOO_LARGE = ("torchvision:regnet_y_128gf", "torchvision:vit_h_14")
"""Networks of 2.5 GB of weights, which are measured by name only."""
HEAD = (
    "| network | images | parameters | BatchNorm | weights | multiply-accumulates | both | error |"
)


@attrs.frozen
class Record:
    """One network; `error` is relative to the answers, `reason` the error that capture gave."""

    network: str
    side: int = 0
    parameters: int = 0
    norms: int = 0
    weights: float = 0.0
    macs: float = 0.0
    both: float = 0.0
    error: float | None = None
    reason: str = ""


def names() -> list[str]:
    """All networks of the page."""
    from torchvision import models

    known = models.list_models(module=models)
    return [*(f"torchvision:{name}" for name in known), *(f"timm:{name}" for name in TIMM)]


def build(network: str) -> tuple[nn.Module, int]:
    """A network with its library's own weights of chance, and the side of its images."""
    collection, _, name = network.partition(":")
    side = next((side for key, side in SIDES.items() if name.startswith(key)), 64)
    if collection == "torchvision":
        from torchvision import models

        own = {"image_size": side} if name.startswith("vit") else {}
        return models.get_model(name, weights=None, **own), side
    import timm

    return timm.create_model(name), 224 if name.startswith(AS_BUILT) else side


@torch.no_grad()
def settle(net: nn.Module, side: int) -> None:
    """Weights that keep the variance of features, norms that know it, no block switched off."""
    for layer in net.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Linear):
            fan = layer.weight[0].numel()
            layer.weight.normal_(std=(2 / fan) ** 0.5)
        elif isinstance(getattr(layer, "weight", None), nn.Parameter) and layer.weight.dim() == 1:
            layer.weight.uniform_(0.5, 1.5)
        if isinstance(layer, _BatchNorm):
            layer.momentum = None
            layer.reset_running_stats()
            if layer.bias is not None:
                # Else most of a norm's work is to enlarge the small differences that rectifiers of
                # chance leave, and with them every error.
                layer.bias.uniform_(0.5, 1.5)
    for name, value in net.named_parameters():
        if not name.endswith("bias") and value.abs().max() < 1e-2:
            value.fill_(0.2)
    if any(isinstance(layer, _BatchNorm) for layer in net.modules()):
        net.train()(noise(side))
    net.eval()


def noise(side: int) -> Tensor:
    return torch.randn(IMAGES, 3, side, side)


@torch.no_grad()
def measure(network: str) -> Record:
    """Build, capture and quantize a network; a CompressError is its reason."""
    torch.manual_seed(0)
    net, side = build(network)
    settle(net, side)
    norms = sum(isinstance(layer, _BatchNorm) for layer in net.modules())
    record = Record(network, side, sum(p.numel() for p in net.parameters()), norms)
    images = noise(side)
    expected = net(images)
    try:
        student = quantize(net, (3, side, side), Bits(8, 8), "minmax")
    except CompressError as error:
        return attrs.evolve(record, reason=without_folders(str(error)))
    del net
    student(noise(side))
    student.freeze()
    found = student.coverage
    return attrs.evolve(
        record,
        weights=found.share_of_weights,
        macs=found.share_of_macs,
        both=found.macs_of_both / max(1, found.macs),
        error=float((student(images) - expected).norm() / expected.norm()),
    )


def without_folders(text: str) -> str:
    """A message whose files are named from their packages on."""
    return re.sub(r"\S*/site-packages/", "", text)


def apart(network: str) -> Record:
    """What `measure` finds, in a process with bounds on memory and time; it shares the imports."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
        signal.alarm(SECONDS)
        try:
            record = measure(network)
        except Exception as error:
            line = str(error).strip().partition("\n")[0]
            record = Record(network, reason=f"{type(error).__name__}: {without_folders(line)}")
        os.write(writing, json.dumps(attrs.asdict(record)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    return Record(**json.loads(text)) if text else Record(network, reason=f"ended by {status}")


def records() -> dict[str, Record]:
    """What was measured, by the networks' names; of two records, the later."""
    lines = RECORDS.read_text().splitlines() if RECORDS.exists() else []
    found = (Record(**json.loads(line)) for line in lines)
    return {record.network: record for record in found}


def page(prose: str, found: Mapping[str, Record]) -> str:
    """docs/networks.md: what stands before its table stays, the table is made anew."""
    before, _, _ = prose.partition(HEAD)
    rows = [_row(found[name]) if name in found else _absent(name, found) for name in names()]
    return "\n".join([before + HEAD, "| --- " * HEAD.count(" | ") + "| --- |", *rows, ""])


def _absent(name: str, found: Mapping[str, Record]) -> str:
    """The row of a network that was not measured, with the largest measured of its family."""
    alike = [record for other, record in found.items() if family(other) == family(name)]
    near = max(alike, key=lambda record: record.parameters, default=None)
    same = f"; `{near.network}` is of the same code" if near else ""
    return f"| `{name}` | not measured here{same} | | | | | | |"


def family(network: str) -> str:
    """torchvision:resnet, of torchvision:resnet18."""
    return re.match(r"\w+:[a-z]+", network)[0]  # type: ignore[index]


def _row(record: Record) -> str:
    if record.error is None:
        return f"| `{record.network}` | {record.reason.replace('|', ' ')} | | | | | | |"
    cells = (
        f"{record.side}x{record.side}", f"{record.parameters / 1e6:.1f} M", record.norms or "none",
        *(f"{share:.1%}" for share in (record.weights, record.macs, record.both, record.error)),
    )  # fmt: skip
    return f"| `{record.network}` | {' | '.join(map(str, cells))} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="measure these, again if need be")
    parser.add_argument("--page", action="store_true", help="only write the page")
    given = parser.parse_args()
    torch.set_num_threads(1)
    known = records()
    waiting = given.names or [n for n in names() if n not in known and n not in TOO_LARGE]
    for name in [] if given.page else waiting:
        began = time.monotonic()
        record = apart(name)
        with RECORDS.open("a") as file:
            file.write(json.dumps(attrs.asdict(record)) + "\n")
        took = time.monotonic() - began
        print(f"{took:5.0f} s  {_row(record)}", flush=True)
    PAGE.write_text(page(PAGE.read_text(), records()))


if __name__ == "__main__":
    main()
