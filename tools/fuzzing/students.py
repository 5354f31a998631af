"""What quantizing makes of a network: the same at many bits, all of it found; as a file, bit for
bit the same; for other runtimes, the same answers. Or one line that says why not."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import autorecon
from autorecon.compress import Bits, CompressConfig, CompressError, quantize
from autorecon.compress.packed.save import save_student
from autorecon.compress.quantization.bits import SCHEMES
from autorecon.compress.quantization.quantize import QuantizedModel
from autorecon.compress.student import QuantizedStudent
from autorecon.export import ExportError, export_student
from autorecon.teachers import Teacher, TeacherError, made_ready
from fuzzing.judge import Difference, holds
from fuzzing.networks import CLASSES, IMAGE, Network, images

MANY = Bits(20, 20)
TOLERANCE = 2e-3  # at 20 bits, of the largest answer; captured graphs may differ by 1e-3
FEW = ("w4a4", "w3a5", "w8a8", "w2a3")
PACKED = "student.safetensors"

# Where an operation of torch has its weight.
WEIGHTS = {"convolution": (1,), "addmm": (1, 2), "mm": (0, 1), "bmm": (0, 1), "linear": (1,)}


def check_captured(network: Network, random: Random, folder: Path) -> Counter[str]:
    counts: Counter[str] = Counter()
    for scheme in SCHEMES:
        found = _quantized(network, MANY, scheme)
        counts["captured" if found else "refused in a line"] += 1
        if found:
            _check_equal(made_ready(network.module, IMAGE), found, scheme)
            _check_found(made_ready(network.module, IMAGE), found)
    return counts


def _quantized(network: Network, bits: Bits, scheme: str) -> QuantizedModel | None:
    """With ranges of some images; None for what is refused as it may be."""
    try:
        rounding = "plain" if bits == MANY else "unbiased"  # which is of 8 bits at most
        module = made_ready(network.module, IMAGE)
        found = quantize(module, IMAGE, bits, "minmax", rounding, scheme)
    except (CompressError, TeacherError) as error:
        line = str(error)
        holds("refused in a line", bool(line.strip()) and "\n" not in line, line)
        if network.must_be_captured and "no activation to quantize" not in line:
            raise Difference(f"refused by {scheme}", line) from error
        return None
    with torch.no_grad():
        found(images(8))
    found.freeze()
    return found


@torch.no_grad()
def _check_equal(module: nn.Module, found: QuantizedModel, scheme: str) -> None:
    expected, answers = module(images(8)), found(images(8))
    error = float((answers - expected).abs().max() / expected.abs().max().clamp_min(1e-6))
    if not error <= TOLERANCE:
        raise Difference(f"answers at 20 bits, {scheme}", f"{error:.1e} of the largest")


class _Products(TorchDispatchMode):
    """Notes the weights of products, by where their numbers lie."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        for place in WEIGHTS.get(func.overloadpacket.__name__.strip("_"), ()):
            if place < len(args) and isinstance(args[place], Tensor):
                self.found.add(args[place].untyped_storage().data_ptr())
        return func(*args, **(kwargs or {}))


def _check_found(module: nn.Module, found: QuantizedModel) -> None:
    """Every parameter that is a product's weight is quantized; reparametrised ones are folded."""
    with torch.no_grad(), _Products() as products:
        module(images(2))
    names: dict[int, list[str]] = {}
    for name, value in module.named_parameters(remove_duplicate=False):
        names.setdefault(value.untyped_storage().data_ptr(), []).append(name)
    used = [same for place, same in names.items() if place in products.found]
    missing = [same[0] for same in used if not set(same) & found.weights().keys()]
    holds("every weight is quantized", not missing, missing)


def check_packed(network: Network, random: Random, folder: Path) -> Counter[str]:
    """As a file, and filled into the same module, whose own weights are others: what was captured
    of it is known, which saves most of the time."""
    with _other_weights(network.module) as build:
        return _packed(network, random, folder, build)


def check_files(network: Network, random: Random, folder: Path) -> Counter[str]:
    """As a file, filled into another module; and as what other runtimes take."""
    counts = _packed(network, random, folder, network.again)
    if counts:
        counts += _exported(network, folder / PACKED, folder)
    return counts


@contextmanager
def _other_weights(module: nn.Module) -> Iterator[Callable[[], nn.Module]]:
    """A function that gives the module, with weights that are not its own until this ends."""
    own = {name: value.clone() for name, value in module.state_dict().items()}

    @torch.no_grad()
    def build() -> nn.Module:
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.mul_(0.7)
        return module

    try:
        yield build
    finally:
        module.load_state_dict(own)


def _packed(
    network: Network, random: Random, folder: Path, build: Callable[[], nn.Module]
) -> Counter[str]:
    scheme, bits = random.choice(SCHEMES), random.choice(FEW)
    model = _quantized(network, Bits.parse(bits), scheme)
    if model is None:
        return Counter()
    student = QuantizedStudent(model)
    config = CompressConfig(bits=bits, ranges="minmax", scheme=scheme)
    teacher = Teacher("Fuzzed", nn.Identity(), CLASSES, IMAGE)
    path = folder / PACKED
    save_student(path, student, teacher, config, software={})
    loaded = autorecon.load_compressed(path, build=build)
    with torch.no_grad():
        same = loaded(images(3, 1)).equal(student(images(3, 1)))
    holds(f"packed and loaded, {scheme}", same, bits)
    return Counter(packed=1)


def _exported(network: Network, path: Path, folder: Path) -> Counter[str]:
    """Each is run and compared with the student before it is there."""
    counts: Counter[str] = Counter()
    for name in ("student.onnx", "student.pt2"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                export_student(path, folder / name, build=network.again, force=True)
            except ExportError as error:
                raise Difference(f"exported to {name[7:]}", str(error)) from error
        counts["exported"] += 1
    return counts
