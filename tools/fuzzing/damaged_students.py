"""Files of students, damaged or made to harm: loaded they are the same student, or refused."""

from __future__ import annotations

import copy
import json
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import attrs
import torch
from torch import Tensor, nn

import autorecon
from autorecon.compress import Bits, CompressConfig, quantize
from autorecon.compress.packed.load import MEMORY
from autorecon.compress.packed.save import save_student
from autorecon.compress.student import DistilledStudent, QuantizedStudent, Student
from autorecon.records.packed import KEY
from autorecon.runs.tensors import SUM_KEY
from autorecon.teachers import Teacher
from fuzzing.hostile_values import deepened, mutated
from fuzzing.judge import Difference

IMAGE = (1, 6, 6)
CLASSES = 5
MEMORY_LIMIT = 64 * 2**20
"""Bytes that reading a file of a few kilobytes may take for a while."""
_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Mixed(nn.Module):
    """A tied weight that is read as it is too, a transposed convolution in groups, a matrix."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.up = nn.ConvTranspose2d(4, 6, 2, groups=2)
        self.matrix = nn.Parameter(torch.randn(6, CLASSES))
        self.register_buffer("order", torch.tensor([4, 1, 2, 3, 0]))

    def forward(self, x: Tensor) -> Tensor:
        x = self.up(self.norm(self.stem(x)).relu()).relu().mean((2, 3))
        return (x @ self.matrix)[:, self.order] + self.matrix[0].mean()


@attrs.frozen(eq=False)
class Sample:
    """A student's file, what builds its network, and its answers."""

    name: str
    data: bytes
    build: Callable[[], nn.Module]
    answers: Tensor


@attrs.frozen
class Damaged:
    """A file of a sample; `whole` where its checksum is not known to be of something else."""

    sample: Sample
    data: bytes
    what: str
    is_sealed: bool


def samples() -> list[Sample]:
    """One of each scheme and width, and a distilled one, all of the same small network."""
    network = Mixed().eval()
    made = [_sample(network, bits, scheme) for bits, scheme in _QUANTIZED]
    return [*made, _written(DistilledStudent(network), network, CompressConfig(**_DISTILLED))]


_QUANTIZED = (("w3a3", "gdfq"), ("w2a8", "integer"), ("w4a4", "integer"), ("w8a2", "gdfq"))
_DISTILLED = {"method": "dfad", "student": "fuzzing.damaged_students:Mixed"}


def _sample(network: nn.Module, bits: str, scheme: str) -> Sample:
    model = quantize(network, IMAGE, Bits.parse(bits), "minmax", "unbiased", scheme)
    student = QuantizedStudent(model)
    student.begin([torch.randn(8, *IMAGE)])
    return _written(student, network, CompressConfig(bits=bits, ranges="minmax", scheme=scheme))


def _written(student: Student, network: nn.Module, config: CompressConfig) -> Sample:
    teacher = Teacher("Mixed", nn.Identity(), CLASSES, IMAGE, mean=(0.5,), std=(0.25,))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.safetensors"
        save_student(path, student, teacher, config, software={})
        data = path.read_bytes()
        build = partial(_as_it_was, network, copy.deepcopy(network.state_dict()))
        answers = answers_of(path, build)
    return Sample(str(config.bits or config.student), data, build, answers)


def _as_it_was(network: nn.Module, state: dict[str, Tensor]) -> nn.Module:
    """The same module, of which what was captured is known, whatever a file has filled it with."""
    network.load_state_dict(state)
    return network


def answers_of(path: Path, build: Callable[[], nn.Module], memory: str = "packed") -> Tensor:
    images = torch.linspace(-2, 2, 3 * 36).reshape(3, *IMAGE)
    model = autorecon.load_compressed(path, build=build, memory=memory)
    with torch.no_grad():
        found: Tensor = model(images)
    return found


def damaged(sample: Sample, random: Random) -> Damaged:
    """One of a sample: by accident, its checksum in it, or on purpose, and then without."""
    if random.random() < 0.4:
        data, what = _accident(bytearray(sample.data), random)
        return Damaged(sample, data, f"{sample.name}: {what}", is_sealed=True)
    data, what = random.choice((_header, _about, _about, _values, _text))(sample.data, random)
    return Damaged(sample, data, f"{sample.name}: {what}", is_sealed=False)


def _accident(data: bytearray, random: Random) -> tuple[bytes, str]:
    at = random.randrange(len(data))
    # Most of what there is to be damaged is near the beginning.
    at = random.choice((at, at % 8, random.randrange(min(len(data), 2000))))
    how = random.choice(("bit", "bit", "bit", "byte", "cut", "more", "gone", "twice"))
    if how == "bit":
        data[at] ^= 1 << random.randrange(8)
    elif how == "byte":
        data[at] = random.choice((0, 255, 0x22, 0x7B, 0x39, random.randrange(256)))
    elif how == "cut":
        del data[at:]
    elif how == "more":
        data += random.randbytes(random.choice((1, 8, 4096)))
    elif how == "gone":
        del data[at : at + random.choice((1, 2, 8, 64))]
    else:
        data[at:at] = data[at : at + random.choice((1, 8, 64))]
    return bytes(data), f"{how} at {at}"


def _parts(data: bytes) -> tuple[dict[str, object], bytes]:
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    header["__metadata__"].pop(SUM_KEY)
    return header, data[8 + size :]


def _joined(text: str, tensors: bytes) -> bytes:
    header = text.encode("utf-8", "surrogatepass")
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + tensors


def _header(data: bytes, random: Random) -> tuple[bytes, str]:
    """What the format says of tensors: shapes, types, places."""
    header, tensors = _parts(data)
    metadata = header.pop("__metadata__")
    what = []
    for _ in range(random.choice((1, 1, 2))):
        header, told = mutated(header, random)
        what.append(told)
    if not isinstance(header, dict):
        return _joined(json.dumps(header), tensors), str(what)
    return _joined(deepened(json.dumps({"__metadata__": metadata} | header)), tensors), str(what)


def _about(data: bytes, random: Random) -> tuple[bytes, str]:
    """What the student is said to be."""
    header, tensors = _parts(data)
    metadata = header["__metadata__"]
    assert isinstance(metadata, dict)
    about, what = mutated(json.loads(metadata[KEY]), random)
    if random.random() < 0.3:
        about, more = mutated(about, random)
        what = f"{what}; {more}"
    metadata[KEY] = deepened(json.dumps(about))
    return _joined(json.dumps(header), tensors), what


_NUMBERS = {
    "F32": ("<f", (float("nan"), float("inf"), -float("inf"), 0.0, -1.0, 3e38, 1e-45)),
    "I64": ("<q", (0, -1, 2**63 - 1, -(2**63), 5)),
    "I32": ("<i", (0, -1, 2**31 - 1, -(2**31))),
    "U8": ("<B", (0, 255, 127)),
    "BOOL": ("<B", (0, 1, 2, 255)),
}


def _values(data: bytes, random: Random) -> tuple[bytes, str]:
    """Numbers of a tensor: all of them, or one."""
    import struct

    header, raw = _parts(data)
    tensors = bytearray(raw)
    places = {name: value for name, value in header.items() if name != "__metadata__"}
    name = random.choice(sorted(places))
    place = places[name]
    assert isinstance(place, dict)
    kind, values = _NUMBERS.get(place["dtype"], ("<B", (0, 255)))
    value, width = random.choice(values), struct.calcsize(kind)
    begin, end = place["data_offsets"]
    count = (end - begin) // width
    chosen = range(count) if random.random() < 0.3 else [random.randrange(max(1, count))]
    for index in chosen:
        tensors[begin + index * width : begin + (index + 1) * width] = struct.pack(kind, value)
    return _joined(json.dumps(header), bytes(tensors)), f"{value} in {len(chosen)} of {name}"


def _text(data: bytes, random: Random) -> tuple[bytes, str]:
    """The header's text: keys twice, other lengths, other ends, no JSON."""
    header, tensors = _parts(data)
    text = json.dumps(header)
    names = [name for name in header if name != "__metadata__"]
    how = random.choice(("twice", "length", "empty", "deep", "overlap", "nothing", "text"))
    if how == "twice":
        name = random.choice(names)
        again = json.dumps({name: {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}})[1:-1]
        text = f"{text[:-1]}, {again}}}"
    elif how == "length":
        size = random.choice((0, 1, 2**63, 2**64 - 1, 100_000_001, len(data), len(data) * 2))
        return size.to_bytes(8, "little") + data[8:], f"length {size}"
    elif how == "deep":
        text = '{"a":' * 50_000 + "1" + "}" * 50_000
    elif how == "overlap":
        first = header[names[0]]
        assert isinstance(first, dict)
        text = json.dumps(header | dict.fromkeys(names, first) | {"more": first})
    elif how in ("empty", "nothing"):
        text = "{}" if how == "empty" else ""
    else:
        text = random.choice(("null", "[]", "[" * 10_000, "{" * 10_000, '"a"', "\0" * 100))
    return _joined(text, tensors), how


def check(found: Damaged, random: Random, folder: Path) -> str:
    """Load it as users do; raises Difference. Says what came of it."""
    path = folder / "s.safetensors"
    path.write_bytes(found.data)
    before = _highest(anew=True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            answers = answers_of(path, found.sample.build, random.choice(sorted(MEMORY)))
    except Exception as error:
        if getattr(error, "exit_code", None) is None:
            raise
        _check_line(str(error))
        return "refused"
    finally:
        if (taken := _highest() - before) > MEMORY_LIMIT:
            raise Difference("memory", f"{taken:,} bytes")
    same = answers.equal(found.sample.answers)
    if found.is_sealed and not same:
        raise Difference("another student, in silence", found.what)
    if not answers.isfinite().all():
        raise Difference("answers that are no numbers", found.what)
    return "the same" if same else "another student"


def _check_line(text: str) -> None:
    if not text.strip() or len(text) > 2000:
        raise Difference("no clear line", f"{len(text)} characters: {text[:300]}")


def _highest(anew: bool = False) -> int:
    """The most memory that this process had, in bytes; since now where it is counted `anew`."""
    if anew:
        _CLEAR.write_text("5")
    line = next(row for row in _STATUS.read_text().splitlines() if row.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
