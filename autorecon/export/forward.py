"""The statements of a generator's `forward`, one operation after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autorecon.export.names import Identifiers
from autorecon.lang import Shape
from autorecon.lang.operations.shapes import elements
from autorecon.lowering.plan import Apply, Join, Merge, Plan
from autorecon.nn import Generator
from autorecon.nn.builders import layer_of
from autorecon.nn.layers import Function

WIDTH = 100
INDENT = 8  # of statements
UNUSED = "_"


def statements(net: Generator, plan: Plan, taken: set[str]) -> list[str]:
    """Lines that compute the images from `z` and `y`, without their indentation.

    `taken` are identifiers that mean something else.
    """
    body = _Body(net, plan, taken | {"self", "z", "y", UNUSED})
    body.inputs({source for step in plan.steps for source in step.sources})
    for step in plan.steps:
        if isinstance(step, Apply):
            body.apply(step)
        elif isinstance(step, Merge):
            body.merge(step)
        elif isinstance(step, Join):
            body.join(step)
    return [*body.lines, f"return {body.values[plan.output]}"]


class _Body:
    def __init__(self, net: Generator, plan: Plan, taken: set[str]) -> None:
        self.names, self.layers = Identifiers(taken), net.layer_names
        self.net, self.space = net, net.space
        self.values: dict[str, str] = {}  # expressions
        self.lines: list[str] = []
        merges = [step for step in plan.steps if isinstance(step, Merge)]
        self.ends = {value for step in merges for value in step.sources}
        # An edge that has a node to itself needs no name of its own.
        self.alone = {s.sources[0]: self._node(s) for s in merges if len(s.terms) == 1}

    def _node(self, step: Merge | Join) -> str:
        """The node that merges; before what it applies it has a name of its own."""
        return step.out if step.out in self.space.nodes else step.out.rpartition(".")[0]

    def inputs(self, used: set[str]) -> None:
        """Noise is split over its inputs in the order of the text; labels are all y."""
        inputs = self.space.program.inputs
        self.values |= {node.name: "y" for node in inputs if node.role == "label"}
        like = "z" if self.net.latent else "y"
        for name in self.net.constants:
            self.values[name] = self.names[name]
            self.lines.append(f'{self.names[name]} = self["{name}"]({like})')
        noise = {node.name: node.shape for node in inputs if node.role == "noise"}
        self.values |= self._split(noise, used) if len(noise) > 1 else dict.fromkeys(noise, "z")
        for name, shape in noise.items():
            if len(shape) > 1 and name in used:
                flat, self.values[name] = self.values[name], self.names[name]
                self.lines.append(f"{self.names[name]} = {flat}.unflatten(1, {tuple(shape)})")

    def _split(self, noise: Mapping[str, Shape], used: set[str]) -> dict[str, str]:
        found = {name: self.names[name] if name in used else UNUSED for name in noise}
        sizes = [elements(shape) for shape in noise.values()]
        self.lines.append(f"{', '.join(found.values())} = z.split({sizes}, dim=1)")
        return found

    def apply(self, step: Apply) -> None:
        """The last operation of an edge is a part of its target's statement."""
        made = self._expression(step)
        if made == self.values[step.source]:
            pass  # another name for it
        elif step.out not in self.ends:
            owner = step.place.owner
            name = self.names[self.alone.get(owner, owner)]
            self.lines.append(f"{name} = {made}")
            made = name
        self.values[step.out] = made

    def merge(self, step: Merge) -> None:
        name = self.names[self._node(step)]
        parts = [self.values[term.value] for term in step.terms]
        self.lines += f"{name} = {_merged(step.kind, parts, len(name) + len(' = '))}".splitlines()
        self.values[step.out] = name

    def join(self, step: Join) -> None:
        name, parts = self.names[self._node(step)], [self.values[s] for s in step.sources]
        self.lines.append(f'{name} = self["{self.layers[step.place]}"]({", ".join(parts)})')
        self.values[step.out] = name

    def _expression(self, step: Apply) -> str:
        x = self.values[step.source]
        layer = None if step.op.spec.is_own else layer_of(step.typed)
        before, after = step.typed.before, step.typed.after
        if isinstance(layer, Function):
            return layer.of(x)
        flat = layer is not None and layer.flat
        if flat and len(before) > 1:
            x = f"{x}.flatten(1)"
        label = f", {self.values[step.op.label]}" if step.op.label else ""
        called = f'self["{self.layers[step.place]}"]({x}{label})'
        shaped = flat and len(after) > 1
        return f"{called}.unflatten(1, {tuple(after)})" if shaped else called


def _merged(kind: str, parts: Sequence[str], before: int) -> str:
    """An expression, on several lines where it is long; `before` characters stand before it."""
    if len(parts) == 1:
        return parts[0]
    if kind == "concat":
        return f"torch.cat([{', '.join(parts)}], dim=1)"
    sign = "*" if kind == "product" else "+"
    line, share = f" {sign} ".join(parts), f" / {len(parts)}" if kind == "mean" else ""
    if INDENT + before + len(line) + len(share) > WIDTH - len("()"):
        line = "\n    " + f"\n    {sign} ".join(parts) + "\n"
    return f"({line}){share}" if share or "\n" in line else line
