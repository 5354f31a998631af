"""Parts of a merge that reads all of them which are missing in some architectures: those of a
concatenation, which would change its size, and those of a merge with a module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.elaborate.state import Elaboration
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import reach
from autorecon.lang.program.merging import Merging
from autorecon.lang.source import Span
from autorecon.lang.wording import some

if TYPE_CHECKING:
    from autorecon.lang.check.absence import Missing

MAX_CUTS = 3  # choices that a note names

_Notes = tuple[tuple[str, Span | None], ...]


def check_gaps(program: Elaboration) -> None:
    """Of a graph without cycles, all of whose nodes are reached."""
    nodes = program.nodes
    parts = [e for e in program.edges if not nodes[e.target].merge.traits.partial]
    if not parts:
        return
    inputs = {name for name, node in nodes.items() if node.is_input}
    sure = ((e.source, e.target) for e in program.edges if e.none is None)
    always = reach(inputs, sure)
    parts = [e for e in parts if e.none is not None or e.source not in always]
    if parts:
        _search(program, parts, always)


def _search(program: Elaboration, parts: list[Edge], always: set[str]) -> None:
    from autorecon.lang.check.absence import Absence, Entangled

    absence = Absence.of(program, always)
    if not absence.tally.is_possible:
        return  # a rule that nothing keeps to, which is proved where spaces are loaded
    if program.rules or program.choices or program.shares:
        absence.prove(edge.source for edge in parts)
    for edge in parts:
        if edge.span and program.faults.holds("E0405", edge.span):
            continue
        try:
            missing = absence.missing([edge])
        except Entangled:
            note = "rules and ties are too entangled to prove that it is always there"
            merge = program.nodes[edge.target].merge
            report_gap(edge, merge, edge.none is not None, program.faults, ((note, None),))
            continue
        if missing:
            notes = _shown(_lines(program, missing), missing.cuts[0].span)
            merge = program.nodes[edge.target].merge
            report_gap(edge, merge, edge in missing.cuts, program.faults, notes)


def report_gap(
    edge: Edge, merge: Merging, itself: bool, faults: Diagnostics, notes: _Notes = ()
) -> None:
    """`itself`: whether it is the edge that is `none`, and not its source that gets nothing."""
    stacks = merge.traits.stacks
    into = "a concatenation" if stacks else f"`merge {merge.text}`"
    message, otherwise = f"{edge.text} leads into {into}", ", or merge by sum" * stacks
    if itself:
        message, help = f"{message} and may be `none`", "leave `none` out"
    else:
        message = f"{message}, but `none` may cut off its source"
        help = "lead an edge without `none` into its source or keep one by a `rule`"
    help += otherwise
    faults.report("E0405", message, edge.span, help, notes=notes)


def _lines(program: Elaboration, missing: Missing) -> Iterator[str]:
    """The choices as a genotype makes them."""
    for edge in missing.cuts:
        if not edge.axes:
            yield f"`{edge.text} = none`"
        for axis in edge.axes:
            decision = program.decisions[axis]
            yield f"`{decision.text} = {decision.options[missing.picks[axis]]}`"


def _shown(lines: Iterable[str], place: Span | None) -> _Notes:
    return ((f"it is with {some([*dict.fromkeys(lines)], MAX_CUTS)}", place),)
