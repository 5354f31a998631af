"""The statements of a generator's `forward`, one operation after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from autorecon.export.names import Identifiers
from autorecon.export.program import Call, Part, Step
from autorecon.graph import Space
from autorecon.lang import Shape
from autorecon.lang.operations.shapes import elements
from autorecon.nn.layers import Function

WIDTH = 100
INDENT = 8  # of statements
UNUSED = "_"


def statements(space: Space, steps: Sequence[Step], taken: set[str]) -> list[str]:
    """Lines that compute the images from `z` and `y`, without their indentation.

    `taken` are identifiers that mean something else.
    """
    body = _Body(taken | {"self", "z", "y", UNUSED})
    body.inputs(space, {part.source for step in steps for part in step.parts})
    for step in steps:
        body.step(step)
    return [*body.lines, f"return {body.values[space.output.name]}"]


class _Body:
    def __init__(self, taken: set[str]) -> None:
        self.names = Identifiers(taken)
        self.values: dict[str, str] = {}  # of nodes, by name
        self.lines: list[str] = []

    def inputs(self, space: Space, used: set[str]) -> None:
        """Noise is split over its inputs in the order of the text; labels are all y."""
        inputs = space.program.inputs
        self.values |= {node.name: "y" for node in inputs if node.role == "label"}
        noise = {node.name: node.shape for node in inputs if node.role == "noise"}
        self.values |= dict.fromkeys(noise, "z") if len(noise) == 1 else self._split(noise, used)
        for name, shape in noise.items():
            if len(shape) > 1 and name in used:
                flat, self.values[name] = self.values[name], self.names[name]
                self.lines.append(f"{self.names[name]} = {flat}.unflatten(1, {tuple(shape)})")

    def _split(self, noise: Mapping[str, Shape], used: set[str]) -> dict[str, str]:
        found = {name: self.names[name] if name in used else UNUSED for name in noise}
        sizes = [elements(shape) for shape in noise.values()]
        self.lines.append(f"{', '.join(found.values())} = z.split({sizes}, dim=1)")
        return found

    def step(self, step: Step) -> None:
        node = step.node.name
        # An edge that has a node to itself needs no name of its own.
        alone = len(step.parts) == 1
        parts = [self._part(part, node if alone else part.edge) for part in step.parts]
        name = self.names[node]
        merged = _merged(step.node.merge, parts, len(name) + len(" = "))
        self.lines += f"{name} = {merged}".splitlines()
        self.lines += [f"{name} = {self._expression(call, name)}" for call in step.then]
        self.values[node] = name

    def _part(self, part: Part, owner: str) -> str:
        """The expression of an edge's last operation; those before it have statements."""
        x = self.values[part.source]
        for call in part.calls[:-1]:
            self.lines.append(f"{self.names[owner]} = {self._expression(call, x)}")
            x = self.names[owner]
        return self._expression(part.calls[-1], x)

    def _expression(self, call: Call, x: str) -> str:
        layer, before, after = call.layer, call.typed.before, call.typed.after
        if isinstance(layer, Function):
            return layer.of(x)
        if layer.flat and len(before) > 1:
            x = f"{x}.flatten(1)"
        label = f", {self.values[call.op.label]}" if call.op.label else ""
        called = f'self["{call.name}"]({x}{label})'
        shaped = layer.flat and len(after) > 1
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
