"""Operations between sizes that are decided and share weights: a super net has those for the most
channels, of which those for fewer are slices, and one set for all resolutions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.operations.shapes import Shape
from autorecon.lang.program.candidates import Op, Pipeline, Step
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.sizes import Sizes


def check_slices(edge: Edge, candidates: Iterable[Pipeline | None], program: Elaboration) -> None:
    """Reports operations that compute with all channels at once, and whose weights depend on
    resolutions."""
    sizes = tuple(program.nodes[name].sizes for name in (edge.source, edge.target))
    shared = list(dict.fromkeys(f"`{one.decision}`" for one in sizes if one and not one.apart))
    alike: dict[tuple, list[Pipeline]] = defaultdict(list)
    for candidate in candidates:
        if candidate and candidate.steps and shared:
            alike[candidate.ops, *_apart(candidate, sizes)].append(candidate)
    decided = " and ".join(shared) + (" decides" if len(shared) == 1 else " decide")
    for same in alike.values():
        for steps in zip(*(candidate.steps for candidate in same), strict=True):
            if reason := _reason(steps):
                message = f"`{steps[0].op.text}` {reason[0]} the sizes that {decided}: {reason[1]}"
                help = "put it between nodes of one size, or write `apart` in the choice"
                program.faults.report("E0406", message, edge.span, help, same[0].text)
                break


def _apart(candidate: Pipeline, sizes: Iterable[Sizes | None]) -> list[Shape | None]:
    """Between which sizes it has weights of its own."""
    ends = zip(candidate.ends, sizes, strict=True)
    return [end if one and one.apart else None for end, one in ends]


def _reason(steps: Sequence[Step]) -> tuple[str, str] | None:
    """Why one operation at several sizes cannot have shared weights: what it does not, and why."""
    op = steps[0].op
    channels = {(step.before[0], step.after[0]) for step in steps}
    if len(channels) > 1 and (reason := _hindrance(op) or _copies(steps)):
        return "cannot be cut to", reason
    maps = {(step.before[1:], step.after[1:], step.target[1:]) for step in steps}
    if len(maps) > 1 and not (op.traits.stateless or op.traits.by_channels):
        return "has not the same weights for", "they depend on the resolution"
    return None


def _copies(steps: Sequence[Step]) -> str | None:
    """Why one without weights differs by size: `expand` copies what there is one of."""
    before = {step.before[0] for step in steps}
    ratios = {Fraction(step.after[0], step.before[0]) for step in steps}
    if steps[0].op.traits.sliceable or len(before) == 1 or len(ratios) == 1:
        return None
    return "it copies one channel, and leaves several as they are"


def _hindrance(op: Op) -> str | None:
    """Why an operation on fewer channels has other weights than the first of those on more."""
    if op.args.get("groups", 1) != 1:
        return "its groups would be made of other channels"
    if op.args.get("spectral"):
        return "the singular value that it divides by is that of all channels"
    if op.args.get("equal"):
        return "its weight is divided by the count of all channels"
    if op.traits.channelwise or op.traits.sliceable:
        return None
    return "it computes with all channels at once"
