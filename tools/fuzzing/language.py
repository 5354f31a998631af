"""What can be done with a program without a net, each checked against what must hold of it."""

from __future__ import annotations

from pathlib import Path
from random import Random

from autorecon import Space, from_graph, loads
from autorecon.cli import show_tables
from autorecon.graph.architectures.codec import ArchitectureError, Picks
from autorecon.graph.architectures.ids import from_id
from autorecon.graph.architectures.symmetry import TooSymmetric
from autorecon.graph.counting.decision_diagram import FrontierTooWide
from autorecon.graph.diff import diff
from autorecon.graph.diff.draw_diff import diff_source
from autorecon.graph.draw.draw import dot_source
from autorecon.graph.sampling import mutate as variation
from autorecon.graph.sampling import sample
from autorecon.graph.valid.extent import MAX_LISTED
from autorecon.lang import Source, check
from autorecon.lang.fmt import format_source
from autorecon.lang.program.flow import label_reads
from fuzzing.judge import holds, same

DRAWN = 2  # architectures that are looked at in detail
GRAPHS = 0.1  # of the programs: what they are as graphs takes as long as all the rest


def check_language(space: Space, random: Random, folder: Path) -> None:
    """Every stage; `folder` is one to write the space to, for its genotypes to find."""
    check_format(space)
    graphs = random.random() < GRAPHS
    if graphs:
        check_graph(space)
    check_survey(space)
    numbers = valid_ones(space)
    if numbers is None:
        return
    (folder / "fuzz.space").write_text(space.text)
    picks = [numbers.sample(random) for _ in range(DRAWN)]
    for one in picks:
        check_numbers(space, one)
        check_changes(space, one, random)
    found = check_genotype(space, picks[0], folder)
    if graphs:
        check_graph_of_genotype(found)
    check_diff(space, picks)


def valid_ones(space: Space) -> sample.ValidArchitectures | None:
    try:
        found = sample.ValidArchitectures(space)
    except FrontierTooWide:
        return None
    return found if found.size else None


def check_format(space: Space) -> None:
    """The formatter proves itself that it is idempotent and keeps the syntax tree."""
    same("format", loads(format_source(space.program.source)), space)


def check_graph(space: Space) -> None:
    """A graph leads back to the space that it is of, and so does the text that is written of it."""
    found = from_graph(space.graph)
    same("graph", found, space)
    same("fingerprint of a graph", found.fingerprint, space.fingerprint)
    same("text of a graph", loads(found.text), space)
    same("text of a graph, again", from_graph(found.graph).text, found.text)


def check_survey(space: Space) -> None:
    """What `show` tells and the drawing can be made; counts are in order."""
    show_tables.values(space)
    dot_source(space)
    valid, distinct = space.valid_architectures, space.distinct_architectures
    alike = space.architectures_up_to_symmetry
    counts = [n for n in (alike, distinct, valid, space.architectures) if n is not None]
    same("order of counts", counts, sorted(counts))
    same("is_genotype", space.is_genotype, space.architectures == 1)


def check_numbers(space: Space, picks: Picks) -> None:
    holds("sampled is valid", space.liveness.is_valid(picks), picks)
    number = space.codec.encode(picks)
    same("decode", space.codec.decode(number), picks)
    found = space.genotype(picks)
    same("encode", space.encode(found), number)
    same("picks", space.picks(found), picks)
    name = space.architecture_id(found)
    same("id", from_id(space, name), number)
    same("is_genotype of a genotype", found.is_genotype, True)
    canonical = space.liveness.canonical(picks)
    same("canonical twice", space.liveness.canonical(canonical), canonical)
    try:
        form = space.canonical(found)
    except (TooSymmetric, ArchitectureError):
        # What rules leave of ties is only told by a list.
        holds("canonical form", not space.restrictions or space.architectures > MAX_LISTED, picks)
        return
    holds("canonical is the same", space.same(form, found), picks)


def check_changes(space: Space, picks: Picks, random: Random) -> None:
    changed = variation.mutate(space, picks, random)
    holds("mutated is valid", space.liveness.is_valid(changed), (picks, changed))
    apart = sum(a != b for a, b in zip(picks, changed, strict=True))
    holds("mutated once", apart <= 1 + bool(space.restrictions), (picks, changed))
    child = variation.crossover(space, picks, changed, random)
    holds("crossed is valid", space.liveness.is_valid(child), (picks, changed, child))


def check_genotype(space: Space, picks: Picks, folder: Path) -> Space:
    """Its text is read as the same genotype, and as itself when it is formatted."""
    found = space.genotype(picks)
    text = found.text.replace(f'"{space.name}.space"', '"fuzz.space"')
    source = Source(text, "g.space", folder / "g.space")
    read = Space(check(source))
    same("genotype read back", read, found)
    same("genotype formatted", format_source(source), text)
    cost = found.cost
    holds("cost of a genotype", cost.parameters.min == cost.parameters.max, cost)
    dot_source(read)
    return found


def check_graph_of_genotype(found: Space) -> None:
    used = {y for y, _ in label_reads(found.nodes, found.edges)} | {e.source for e in found.edges}
    # A generator has no input that nothing reads, as what was not chosen may have done.
    if all(node.name in used for node in found.program.inputs):
        same("graph of a genotype", from_graph(found.graph).edges, found.widest.edges)


def check_diff(space: Space, picks: list[Picks]) -> None:
    one, other = (space.genotype(p) for p in picks)
    same("no diff", diff.compare(one, one).same, True)
    found = diff.compare(one, other).same
    # Lines may differ that come to the same, of which more can be said than of the generators.
    if one == other or (one.nodes, one.edges) != (other.nodes, other.edges):
        same("diff", found, one == other)
    diff_source(diff.compare(space, one))
