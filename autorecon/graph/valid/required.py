"""What an objective asks of a space beyond its text: that the label leads to the image, too."""

from __future__ import annotations

import attrs

from autorecon.graph.architectures.architectures import Architectures
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.valid import extent
from autorecon.graph.valid.extent import leaves_something
from autorecon.lang import Edge, Program, load_program
from autorecon.lang.program.flow import reach
from autorecon.lang.program.ties import is_possible

_NAMED = 4  # decisions that a message shows


def requiring(space: Architectures, role: str) -> Program:
    """As `Space.requiring`. Where it is not plain that every architecture has what is wanted, the
    program says so from then on, to all that asks which of its architectures are valid."""
    program = space.program
    inputs = _inputs(program, role)
    if not inputs:
        raise ArchitectureError(f"{space.name} has no {role} input")
    if role in program.required or always_leads(program, role):
        return program
    wanted = Architectures(attrs.evolve(program, required=(*program.required, role)))
    if is_possible(wanted.program) and leaves_something(wanted):
        return program if space.is_genotype else wanted.program
    ends = f"`{program.output.name}` from {' and '.join(f'`{name}`' for name in inputs)}"
    if space.is_genotype:
        raise ArchitectureError(f"in {space.name} {_who_cuts(space, inputs)} {ends}")
    raise ArchitectureError(f"every architecture of {space.name} cuts {ends}")


def _inputs(program: Program, role: str) -> list[str]:
    return [node.name for node in program.inputs if node.role == role]


def left_out(space: Architectures) -> str:
    """Which architectures what is required has taken away, as a sentence; "" for none."""
    roles = " and ".join(f"the {role}" for role in space.program.required[1:])
    if not roles:
        return ""
    free = Architectures(space.program.asking_nothing)
    whole, rest = map(extent.valid_architectures, (free, space))
    some = "some"
    if whole is not None and rest is not None:
        some = f"{whole - rest:,} of the {whole:,} valid architectures"
    return f"{some} are left out: they cut `{space.output.name}` from {roles}"


def always_leads(program: Program, role: str) -> bool:
    """Whether it is plain that whatever leads noise to the output makes such an input live.

    So it is where noise has no way but through what edges without `none` join to the input, or
    through what reads a label. Ties, rules and limits make fewer ways, never more.
    """
    sure = [e for e in program.edges if e.none is None]
    joined = reach(_inputs(program, role), ((e.source, e.target) for e in sure))
    if role == "label":
        joined |= {n.name for n in program.nodes.values() if n.then and n.then.labels}
    beside = [
        (edge.source, edge.target)
        for edge in program.edges
        if not (edge.is_cut or edge.target in joined or (role == "label" and _reads(edge)))
    ]
    return program.output.name not in reach(_inputs(program, "noise"), beside)


def _reads(edge: Edge) -> bool:
    """Whether it names a label wherever it is there."""
    return all(candidate.labels for candidate in edge.candidates if not candidate.is_none)


def _who_cuts(space: Architectures, inputs: list[str]) -> str:
    """The choices of a genotype of which every way from the inputs needs another one."""
    edges = space.edges
    there = [(e.source, e.target) for e in edges if not e.is_cut]
    reached = reach(inputs, there)
    onward = reach([space.output.name], ((e.target, e.source) for e in edges))
    ways = [e for e in edges if e.source in reached and e.target in onward - reached]
    shown = list(dict.fromkeys(line for edge in ways for line in _lines(space, edge)))
    if not shown:
        return "nothing live reads a label, which cuts"
    if len(shown) > _NAMED:
        shown[_NAMED - 1 :] = [f"{len(shown) - _NAMED + 1} more"]
    return f"{' and '.join(shown)} cut{'s' * (len(shown) == 1)}"


def _lines(space: Architectures, edge: Edge) -> list[str]:
    """How the genotype chooses for an edge, and where."""
    program = space.program
    base = load_program(program.base_path, space.parameters) if program.base_path else program
    axes = next(e.axes for e in base.edges if e.name == edge.name)
    found = [(base.decisions[a].text, program.chosen[a], program.lines.get(a)) for a in axes]
    fixed = (edge.text, "none", None if program.of else edge.span)
    return [
        f"`{text} = {option}`" + (f" (line {span.source.position(span.start)[0]})" if span else "")
        for text, option, span in found or [fixed]
    ]
