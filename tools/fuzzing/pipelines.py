"""Pipelines of operations that lead from one shape to another, of every kind that nets have."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from random import Random

import attrs

Shape = tuple[int, ...]

ACTIVATIONS = (
    "relu", "relu", "leaky_relu", "leaky_relu(0.2)", "leaky_relu(slope=0)", "prelu", "elu",
    "elu(0.5)", "selu", "silu", "gelu", "tanh", "sigmoid",
)  # fmt: skip
EPS = ("", "", "eps=0.8", "eps=0.1")


@attrs.frozen
class Step:
    """A definition or a choice that stands in pipelines like an operation.

    What it does: "keep" a shape, "conv" to the target's channels, double the resolution ("up"), or
    "perhaps" make all of it `none`.
    """

    text: str
    does: str
    maps: bool = False  # for feature maps alone


@attrs.define
class Pipelines:
    """Draws them; `steps` are the names that the program gives to some, `labels` its label inputs,
    of which `read` are used. `sliced`: mostly of what stands between sizes that are decided."""

    random: Random
    labels: Sequence[str] = ()
    steps: list[Step] = attrs.field(factory=list)
    read: set[str] = attrs.field(factory=set)
    sliced: bool = False

    def one(self, *options: str) -> str:
        return self.random.choice(options)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def step(self, does: str, shape: Shape) -> str | None:
        """A name for what `does` this, or None."""
        maps = len(shape) == 3
        found = [s for s in self.steps if s.does == does and s.maps <= maps]
        return self.random.choice(found).text if found and self.chance(0.5) else None

    def kept(self, shape: Shape) -> str:
        """One operation that keeps a shape."""
        return self.step("keep", shape) or (
            self.norm(shape) if self.chance(0.35) else self.one(*ACTIVATIONS)
        )

    def keeping(self, shape: Shape) -> str:
        return " >> ".join(self.kept(shape) for _ in range(self.random.choice((1, 1, 2))))

    def norm(self, shape: Shape) -> str:
        if self.sliced and self.chance(0.95):
            return self.one("bn", "bn(affine=false)", "gain(each=true)", "mask(1)", "prelu")
        if self.chance(0.15):
            return self.one("pixel_norm", "scale(0.5)", "scale(-2)", "gain", "gain(0.5, each=true)")
        # Of a single value a norm makes 0, which is refused.
        pixels = prod(shape[1:])
        kinds = ["bn", "bn", *["layer_norm", "group_norm"] * (prod(shape) > 1)]
        kinds += ["instance_norm"] * (len(shape) == 3 and pixels > 1)
        kinds += ["ccbn"] * 2 * bool(self.labels)
        kind = self.one(*kinds)
        if kind == "ccbn":
            label = self.one(*self.labels)
            self.read.add(label)
            return call(kind, label, self.one(*EPS))
        counts = [str(n) for n in divisors(shape[0]) if n < shape[0] * pixels]
        groups = self.one(*counts) if kind == "group_norm" else ""
        momentum = self.one("", "", "momentum=0.3") if kind == "bn" else ""
        return call(kind, groups, self.one(*EPS), momentum, self.one("", "", "affine=false"))

    def conv(self, channels: int, out: int, written: bool = False) -> str:
        """To `out` channels, which are those of the edge's target unless they are `written`."""
        step = None if written else self.step("conv", (channels, 1, 1))
        if step:
            return step
        here = f"out={out}" if written else ""
        if self.chance(0.12):
            return call("sepconv", self.one("1", "3"), self.one("", "2"), here, self._bias())
        kernel = self.one("1", "1", "3", "3", "3", "5")
        dilation = self.one("", "", "", "dilation=2") if kernel != "1" else ""
        groups = self._groups(channels, out)
        return call("conv", kernel, dilation, groups, here, self._bias(), self._sized(0.1))

    def _sized(self, often: float) -> str:
        often *= 0.1 if self.sliced else 1
        return self.one("spectral=true", "equal=true") if self.chance(often) else ""

    def attention(self, shape: Shape) -> str:
        heads = self.one(*(f"heads={n}" * (n > 1) for n in divisors(shape[0] // 8)))
        pool = "pool=2" if shape[1] % 2 == shape[2] % 2 == 0 and self.chance(0.4) else ""
        flags = [f"{flag}=true" for flag in ("bias", "full", "spectral") if self.chance(0.3)]
        return call("attention", heads, pool, *flags)

    def _groups(self, channels: int, out: int) -> str:
        both = [g for g in divisors(channels) if out % g == 0][1:]
        often = 0.02 if self.sliced else 0.2
        return f"groups={self.random.choice(both)}" if both and self.chance(often) else ""

    def _bias(self) -> str:
        return self.one("", "", "", "bias=false")

    def between(self, source: Shape, target: Shape, label: bool = False) -> str:
        if label:
            return self._embedded(target)
        if len(source) == 1 or len(target) == 1:
            return self._linear(source, target)
        if source[1:] == target[1:]:
            return self._flat(source, target)
        return self._resized(source, target)

    def _embedded(self, target: Shape) -> str:
        frozen = self.one("", "", "", "frozen=true")
        if self.chance(0.2):
            return call("embed", f"out={self.random.randint(1, 4)}", frozen) + " >> linear"
        return call("embed", frozen) + self._after(target)

    def _after(self, shape: Shape) -> str:
        return f" >> {self.keeping(shape)}" if self.chance(0.3) else ""

    def _linear(self, source: Shape, target: Shape) -> str:
        if source == target and self.chance(0.5):
            return self.one("identity", self.keeping(source))
        if len(source) < len(target) and source[0] in (1, target[0]) and self.chance(0.3):
            return "expand" + self._after(target)
        if prod(source) == prod(target) and self.chance(0.3):
            return "reshape" + self._after(target)
        if len(source) == 3 and source[:1] == target and self.chance(0.3):
            return self.one("global_pool", f"{self.keeping(source)} >> global_pool")
        before = f"{self.keeping(source)} >> " if self.chance(0.15) else ""
        if self.chance(0.15):
            length = self.random.randint(1, 4)
            before += f"linear(out={length}) >> {self.kept((length,))} >> "
        sized = ("",) if self.sliced else ("spectral=true", "equal=true")
        arguments = self.one("", "", "", "bias=false", *sized)
        return before + call("linear", arguments) + self._after(target)

    def _flat(self, source: Shape, target: Shape) -> str:
        """Between maps of one resolution."""
        if source == target and self.chance(0.35):
            rare = ["avg_pool(3)", "max_pool(3)"]
            rare += [self.attention(source)] if source[0] % 8 == 0 and not self.sliced else []
            return self.one("identity", "identity", self.keeping(source), self.one(*rare))
        if source[0] == 1 and self.chance(0.3):
            return "expand" + self._after(target)
        kind, conv = self.random.random(), self.conv(source[0], target[0])
        if kind < 0.5:
            return conv
        if kind < 0.65:
            return f"{self.keeping(source)} >> {conv}"
        if kind < 0.8:
            return f"{conv} >> {self.keeping(target)}"
        if kind < 0.85:
            return f"{conv} >> {self.resize()}"
        if kind < 0.9:
            groups = self._groups(source[0], target[0])
            return call("deconv", self.one("1", "3"), "stride=1", self._bias(), groups)
        if kind < 0.95:
            return f"{self.conv(source[0], 2, True)} >> {self.kept((2, *target[1:]))} >> " + (
                self.conv(2, target[0])
            )
        return f"{self.kept(source)} >> {conv} >> {self.kept(target)}"

    def resize(self) -> str:
        return self.one("nearest", "nearest", "nearest", "bilinear", "bilinear", "bicubic")

    def _resized(self, source: Shape, target: Shape) -> str:
        factor = target[1] // source[1]
        grows = factor > 1 and (source[1] * factor, source[2] * factor) == target[1:]
        up = self.step("up", source) if grows and factor == 2 else None
        if up:
            return (
                f"{up} >> {self.conv(target[0], target[0])}"
                if source[0] == target[0]
                else (f"{up} >> conv({self.one('1', '3')})")
            )
        if grows and self.chance(0.3):
            return self._enlarged(source, target, factor)
        stride = source[1] // target[1]
        if (target[1] * stride, target[2] * stride) == source[1:] and self.chance(0.5):
            return self._shrunk(source, target, stride)
        resize = f"nearest({factor})" if grows and self.chance(0.2) else self.resize()
        if source[0] == target[0] and self.chance(0.3):
            return resize + self._after(target)
        conv, kind = self.conv(source[0], target[0]), self.random.random()
        if kind < 0.4:
            return f"{resize} >> {conv}"
        if kind < 0.55:
            return f"{conv} >> {resize}"
        if kind < 0.7:
            return f"{resize} >> {self.kept((source[0], *target[1:]))} >> {conv}"
        if kind < 0.85:
            return f"{resize} >> {conv} >> {self.kept(target)}"
        middle = self.conv(source[0], source[0], True)
        return f"{middle} >> {resize} >> {self.conv(source[0], target[0])}"

    def _strided(self, source: Shape, target: Shape, stride: int) -> str:
        """A convolution that shrinks; kernels of all kinds, even ones and single taps too."""
        kind, kernel = self.one("conv", "conv", "sepconv"), self.random.randint(1, stride + 2)
        groups = self._groups(source[0], target[0]) if kind == "conv" else ""
        sized = self._sized(0.2) if kind == "conv" else ""
        dilation = self.one("", "", "dilation=2")
        given = f"stride={stride}"
        conv = call(kind, str(kernel), dilation, groups, self._bias(), sized, given)
        return conv + self._after(target)

    def _shrunk(self, source: Shape, target: Shape, stride: int) -> str:
        if stride == 2 and target[0] % 2 == 0 and self.chance(0.2):
            return "factorized_reduce" + self._after(target)
        if stride > 1 and self.chance(0.5):
            return self._strided(source, target, stride)
        given = self.one("", f"stride={stride}")
        kernels = [k for k in range(stride, stride + 3) if k == stride or (k - stride) % 2 == 0]
        pool = call(self.one("avg_pool", "max_pool"), str(self.random.choice(kernels)), given)
        if source[0] == target[0] and self.chance(0.5):
            return pool + self._after(target)
        conv = self.conv(source[0], target[0])
        return self.one(f"{pool} >> {conv}", f"{conv} >> {pool}")

    def _enlarged(self, source: Shape, target: Shape, factor: int) -> str:
        if self.chance(0.6):
            kernel = str(self.random.randint(factor - 1, factor + 2))
            given = (
                "" if factor == 2 else f"stride={factor}",
                self._bias(),
                self._sized(0.2),
                self._groups(source[0], target[0]),
            )
            return call("deconv", kernel, *given) + self._after(target)
        wide = self.one("1", "3")
        shuffled = call("pixel_shuffle", "" if factor == 2 else str(factor))
        return f"conv({wide}, out={target[0] * factor**2}) >> {shuffled}" + self._after(target)


def divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def call(name: str, *arguments: str) -> str:
    """An operation with the arguments that are not empty."""
    given = ", ".join(filter(None, arguments))
    return f"{name}({given})" if given else name
