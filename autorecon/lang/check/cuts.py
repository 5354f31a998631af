"""How the output is cut from the noise, or from the label, within rules."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from autorecon.lang.check.absence import Absence
from autorecon.lang.check.tally import Entangled
from autorecon.lang.program.edges import Edge
from autorecon.lang.program.flow import label_reads, origin
from autorecon.lang.program.min_cut import counterexample, fewest_cuts
from autorecon.lang.program.program import Program


def counterexample_within_rules(program: Program) -> tuple[str, ...]:
    """Lines of a genotype that cut it: the fewest where there are no rules, or these allow that;
    else some. Empty where none is cut, or where it is too entangled to tell."""
    by_reading = origin(program.nodes) == "label" and label_reads(program.nodes, program.edges)
    if not program.rules or by_reading:
        return counterexample(program)
    if (fewest := fewest_cuts(program.nodes, program.edges)) is None:
        return ()
    noise = {n.name for n in program.nodes.values() if n.role == origin(program.nodes)}
    last = [edge for edge in program.edges if edge.target == program.output.name]
    return _lines(program, set(program.nodes), fewest) or _lines(program, noise, last)


def _lines(program: Program, present: Collection[str], cut: Collection[Edge]) -> tuple[str, ...]:
    """With which none of these brings anything, where what is present gets something; what rules
    ask of others then is left out."""
    with suppress(Entangled):
        if missing := Absence.of(program, present).missing(cut):
            axes = {axis for edge in missing.cuts for axis in edge.axes}
            made = (d for d in program.decisions.values() if d.name in axes)
            return tuple(f"{d.text} = {d.options[missing.picks[d.name]]}" for d in made)
    return ()
