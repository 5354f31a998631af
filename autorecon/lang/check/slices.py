"""Operations between sizes that are decided: a super net has the weights for the largest, of which
those for fewer channels are slices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from fractions import Fraction

from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.program.candidates import Op, Pipeline, Step
from autorecon.lang.program.edges import Edge


def check_slices(edge: Edge, candidates: Iterable[Pipeline | None], program: Elaboration) -> None:
    """Reports operations that compute with all channels at once."""
    alike: dict[tuple[Op, ...], list[Pipeline]] = defaultdict(list)
    for candidate in candidates:
        if candidate and candidate.ends != (None, None):
            alike[candidate.ops].append(candidate)
    sizes = (program.nodes[name].sizes for name in (edge.source, edge.target))
    choices = list(dict.fromkeys(f"`{one.decision}`" for one in sizes if one))
    decided = " and ".join(choices) + (" decides" if len(choices) == 1 else " decide")
    for same in alike.values():
        for steps in zip(*(candidate.steps for candidate in same), strict=True):
            reason = (_hindrance(steps[0].op) or _copies(steps)) if _vary(steps) else None
            if reason:
                message = f"`{steps[0].op.text}` cannot be cut to the sizes that {decided}"
                help = "put it between nodes of one size, or leave it out"
                text = same[0].text
                program.faults.report("E0406", f"{message}: {reason}", edge.span, help, text)
                break


def _vary(steps: Iterable[Step]) -> bool:
    """Whether the channels before or behind an operation are not always the same."""
    return len({(step.before[0], step.after[0]) for step in steps}) > 1


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
