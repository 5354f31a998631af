"""What the language knows of an operation: its signature, shape rule and cost, without torch."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from autorecon.lang.operations.shapes import Label, Shape, ShapeFault, show_shape
from autorecon.lang.operations.traits import NO_TRAITS, Traits


@attrs.frozen
class LabelInput:
    """The label input that an argument names, as in `ccbn(y)`."""

    name: str
    classes: int

    def __str__(self) -> str:
        return self.name


Value = int | float | bool | str | LabelInput | None
Entries = tuple[int | float | bool, ...]  # of a list


def show_value(value: Value | Entries) -> str:
    """As one writes it; dots for what is left open."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        more = ["..."] * (len(value) > _SHOWN_ENTRIES)
        return f"[{', '.join([*map(show_value, value[:_SHOWN_ENTRIES]), *more])}]"
    return "..." if value is None else str(value).lower() if isinstance(value, bool) else str(value)


_SHOWN_ENTRIES = 6

# Values are checked against the signature before a rule sees them.
Args = Mapping[str, Any]
ShapeRule = Callable[[Args, Shape, Shape], Shape]
CostRule = Callable[[Args, Shape, Shape], tuple[int, int]]

# Shapes past this would not fit any machine, and arithmetic on them is a denial of service.
MAX_SIZE = 1 << 20


@attrs.frozen
class Param:
    """One argument: its type, default (`required` when there is none), and its range.

    The range ends with `most`, or short of `below`; `advice` is for who is outside of it.
    """

    name: str
    type: type
    default: Value = None
    required: bool = False
    least: float | None = None
    most: float | None = None
    below: float | None = None
    advice: str | None = None
    elsewhere: str | None = None  # what torch has at this place, where that is something else

    def misses(self, value: float) -> str | None:
        """What a value outside the range would have to be."""
        if self.least is not None and value < self.least:
            return f"at least {self.least:g}"
        if self.most is not None and value > self.most:
            return f"at most {self.most:g}"
        if self.below is not None and value >= self.below:
            return f"below {self.below:g}"
        return None


@attrs.frozen
class OpPlan:
    """What an operation of a user's own makes of what it reads, and at what cost.

    `shape` goes out, `build()` gives the torch module, `parameters` counts its trainable ones and
    `macs` its multiply-accumulates a sample. `code` says the same as `build()` where nothing but
    `torch`, `nn` and `F` is at hand: an expression, which exported source has.
    """

    shape: Shape
    build: Callable[[], Any]
    parameters: int = 0
    macs: int = 0
    code: str | None = None


@attrs.frozen
class Signature:
    """What is written in one way: a name, and arguments behind it."""

    name: str
    about: str
    params: tuple[Param, ...]
    origin: str = attrs.field(default="", kw_only=True)  # of a user's own: its function

    @property
    def text(self) -> str:
        """`conv(kernel, dilation=1, ...)`, as help lines and the reference show it."""
        shown = (p.name if p.required else f"{p.name}={show_value(p.default)}" for p in self.params)
        return f"{self.name}({', '.join(shown)})" if self.params else self.name

    @property
    def is_own(self) -> bool:
        return bool(self.origin)


@attrs.frozen
class OpSpec(Signature):
    """`plan` is there for users' own operations, whose shape and cost come from one function."""

    shape: ShapeRule
    cost: CostRule
    traits: Traits = NO_TRAITS
    plan: Callable[[Args, Shape, Shape], OpPlan] | None = None


CATALOGUE: dict[str, OpSpec] = {}
OWN: dict[str, OpSpec] = {}  # users' own
OPERATIONS: ChainMap[str, OpSpec] = ChainMap(OWN, CATALOGUE)


def op(
    name: str,
    about: str,
    *params: Param,
    cost: CostRule | None = None,
    traits: Traits = NO_TRAITS,
) -> Callable[[ShapeRule], ShapeRule]:
    """Add an operation whose shape rule is the decorated function."""

    def add(shape: ShapeRule) -> ShapeRule:
        costs = cost or (lambda a, i, o: (0, 0))
        CATALOGUE[name] = OpSpec(name, about, params, shape, costs, traits)
        return shape

    return add


def same(
    name: str,
    about: str,
    *params: Param,
    cost: CostRule | None = None,
    traits: Traits = NO_TRAITS,
) -> None:
    """Add an operation that keeps every shape but a label's."""

    def rule(args: Args, source: Shape, target: Shape) -> Shape:
        if isinstance(source, Label):
            raise ShapeFault(f"`{name}` cannot take a label", "`embed` makes a vector of it")
        return source

    op(name, about, *params, cost=cost, traits=traits)(rule)


def maps(shape: Shape, what: str) -> tuple[int, int, int]:
    """[channels, height, width], or ShapeFault."""
    if len(shape) != 3:
        help = "feature maps are [channels, height, width]; `linear` makes them of a vector"
        raise ShapeFault(f"`{what}` takes feature maps, not {show_shape(shape)}", help)
    return shape


def channels_out(args: Args, target: Shape, what: str) -> int:
    """`out`, or what the target has."""
    if args.get("out") is not None:
        return int(args["out"])
    return maps(target, what)[0]
