"""Every analysis of a space, against the list of its architectures: one table of both.

A row is an analysis, as the fuzzer has them; a column a kind of small spaces, some with a limit of
the analyses turned down so that the slower way to the same answer is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from random import Random

import attrs
import pytest

from autorecon.graph import Space, loads
from autorecon.graph.architectures.codec import ArchitectureError
from autorecon.graph.counting import decision_diagram
from autorecon.graph.sampling.sample import DistinctArchitectures, ValidArchitectures
from autorecon.graph.valid import extent
from autorecon.lang import Source, SpaceError, check
from fuzzing.exact import ANALYSES
from fuzzing.listing import Architecture, Listing
from fuzzing.small_spaces import FAMILIES, restricted_plain, small_spaces

SPACES = 14  # of each kind

# The label is read by norms alone: of a node that may be dead, and of candidates.
READ = """
space read
input z [3]: noise
input y: label(5)
node a [3] then ccbn(y)
node b [3]
output image [3]
link z -> a = linear | none
link z -> b = identity
link a -> image = identity | none
link b -> image = linear | linear >> ccbn(y) | none
"""
NAMED = READ.replace("linear | linear >> ccbn(y) | none", "linear >> norm") + (
    "choice norm = bn | ccbn(y)\n"
)
TIED = NAMED.replace("node b [3]", "node b [3] then norm")
SHARED = READ + "share choice z -> a, a -> image\n"
RULED = READ + "rule at most 1 none\nlimit params <= 60\n"
# Either label will do: a net is given one, which both of them get.
TWO = """
space two
input z [3]: noise
input y: label(5)
input x: label(5)
node a, b [3]
output image [3]
link z -> {a, b} = linear
link y -> a = embed | none
link x -> b = embed | none
link {a, b} -> image = identity | none
"""
# Costs that differ by shapes, which the families' do not.
SHAPED = """space shaped(width = 6)
input z [4]: noise
node a, b, c [width, 4, 4] then bn
output image [3, 4, 4]
link z -> a = linear
link a -> b = conv(3) >> relu | identity | none
link a -> c = conv(5) | conv(1) | none
link b -> c = conv(3) | none
link b -> image = conv(1) | none
link c -> image = conv(1) | conv(3)
"""
# One choice makes two edges `bn`; and shared weights count once.
BOTH = """
space both
choice norm = bn | layer_norm(affine=false)
input z [4]: noise
node a, b [4]
output image [4]
link z -> {a, b} = norm >> linear
link {a, b} -> image = identity
share weights z -> a, z -> b
rule at most one bn
"""
# Sizes that choices decide: one of two nodes and of twice as many channels, one of a vector, one in
# each instance of a block, which the label may be read in.
SIZED = """
space sized
choice width = 1 | 2 | 4
choice long = 3 | 2
input z [3]: noise
node code [long]
node a [width, 2, 2] then bn >> relu
node b [2*width, 2, 2]
output image [1, 2, 2]
link z -> code = linear | linear >> tanh
link code -> a = linear
link code -> b = linear | none
link a -> b = conv(1) | conv(3) >> bn >> conv(1) | none
link {a, b} -> image = conv(1) | none
"""
SIZED_BLOCKS = """
space sized_blocks
choice ends = 2 | 3
choice norm = bn | identity
input z [3]: noise
input y: label(5)
output image [1, 2, 2]
block cell(first, last) {
  choice inner = 1 | 4
  let more = 2*inner
  in a [first, 2, 2]
  node b [more, 2, 2] then norm >> relu
  out c [last, 2, 2]
  link a -> b = conv(1) | none
  link b -> c = conv(1)
  link a -> c = conv(1, bias=false) >> ccbn(y) | none
}
A = cell(ends, 3)
B = cell(3, ends) after A
link z -> A.a = linear
link B.c -> image = conv(1)
share choice A.inner, B.inner
"""
SIZED_RULED = SIZED + "rule at most 1 none\nlimit params <= 60\n"
SIZED_TOLD = SIZED + "rule if width = 2 | 4 then a -> b != none\nrule if long = 2 then width != 1\n"
APART = SIZED.replace("choice width", "choice width apart").replace(
    "conv(3) >>", "conv(1, out=width) >>"
)
MERGED = """
space merged
choice w apart = 2 | 4
choice side = 1 | 2
input z [3]: noise
output image [1, 2, 2]
node a [w, 1, 1]
node b [w, 1, 1] merge film
node c [2*w, 2, 2] merge concat then bn
node m [w + 1, 2, 2] merge modconv(1)
node d [2, side, side]
link z -> a = linear
link a -> b = conv(1) | identity
link z -> b = linear
link {a, b} -> c = nearest
link c -> m = conv(1)
link z -> m = linear
link a -> d = nearest >> conv(1) | none
link {m, d} -> image = nearest >> conv(1) | none
rule if side = 2 then a -> b = identity
"""
# How many architectures are valid, and in how many of those the label is known.
WITH_LABELS = {
    READ: (9, 6),
    NAMED: (8, 5),
    TIED: (8, 5),
    SHARED: (5, 4),
    RULED: (6, 4),
    TWO: (12, 7),
}


def _requiring_labels() -> Iterator[Space]:
    """Spaces that asking for the label makes smaller."""
    yield from (loads(text).requiring("label") for text in WITH_LABELS)
    for family in ("plain", "restricted", "tied", "restricted and tied"):
        labelled = (space for space in small_spaces(family) if "y" in space.nodes)
        yield from islice(filter(None, map(_narrowed, labelled)), 4)


def _narrowed(space: Space) -> Space | None:
    """None where the label takes nothing away, or everything, as a list of what is left shows."""
    asked = attrs.evolve(space.program, required=("noise", "label"))
    left = sum(one.valid for one in Listing(asked).architectures())
    if not left:
        with pytest.raises(ArchitectureError, match=r"cuts? `image` from `y`|nothing live reads"):
            space.requiring("label")
        return None
    found = space.requiring("label")
    # Where nothing is tied or ruled out, what can be proved at a glance is all that is true.
    if not space.is_tied and not space.program.is_restricted:
        assert (found is space) == (left == space.valid_architectures), space.text
    return found if found is not space else None


KINDS: dict[str, Callable[[], Iterator[Space]]] = {
    **{family: lambda family=family: islice(small_spaces(family), SPACES) for family in FAMILIES},
    "by hand": lambda: map(loads, (*WITH_LABELS, SHAPED, BOTH)),
    "sizes": lambda: map(loads, (SIZED, SIZED_BLOCKS, SIZED_RULED, SIZED_TOLD, APART, MERGED)),
    "entangled": lambda: islice(small_spaces("restricted"), SPACES),
    "requiring labels": _requiring_labels,
}
TURNED_DOWN = {
    "entangled": (decision_diagram, "MAX_STEPS", 1),
    "tied": (extent, "MAX_LISTED", 0),
}


@cache
def _listed(kind: str) -> list[tuple[Space, list[Architecture]]]:
    return [(space, Listing(space.program).architectures()) for space in KINDS[kind]()]


@pytest.fixture
def spaces(kind: str, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Space, list[Architecture]]]:
    found = [(Space(space.program), listed) for space, listed in _listed(kind)]
    if kind in TURNED_DOWN:
        monkeypatch.setattr(*TURNED_DOWN[kind])
    return found


@pytest.mark.parametrize(("text", "counts"), WITH_LABELS.items())
def test_the_list_itself_by_hand(text: str, counts: tuple[int, int]) -> None:
    whole = loads(text)
    programs = whole.program, whole.requiring("label").program
    listed = (Listing(program).architectures() for program in programs)
    assert tuple(sum(one.valid for one in each) for each in listed) == counts


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("analysis", ANALYSES)
def test_what_is_said_is_true_of_the_list(analysis: str, kind: str, spaces: list) -> None:
    for number, (space, listed) in enumerate(spaces):
        try:
            ANALYSES[analysis](space, listed, Random(number))
        except Exception as error:
            error.add_note(space.text)
            raise


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_said_of_small_spaces(kind: str, spaces: list) -> None:
    """Above, an analysis might pass for saying nothing."""
    for space, _ in spaces:
        assert space.valid_architectures is not None, space.text
        assert space.distinct_architectures is not None, space.text
        shared = any(edge.weights_of for edge in space.edges)
        assert space.cost.exact or shared, space.text
        if kind != "entangled":
            assert ValidArchitectures(space).size == space.valid_architectures, space.text
            assert DistinctArchitectures(space).size == space.distinct_architectures, space.text
        even = {d.name: [1 / len(d.options)] * len(d.options) for d in space.decisions}
        if kind == "entangled" or not (shared and space.program.limits):
            told = space.expected_cost(even) is not None
            assert told == (kind != "entangled"), space.text


def test_a_space_is_refused_when_nothing_keeps_to_all_of_it() -> None:
    refused = 0
    for seed in range(60):
        text = restricted_plain(Random(seed))
        try:
            program = check(Source(text))
        except SpaceError:
            continue
        if Space(program).architectures <= 300:
            left = any(one.valid for one in Listing(program).architectures())
            assert _is_refused(text) != left, text
            refused += not left
    assert refused > 5


def _is_refused(text: str) -> bool:
    try:
        loads(text)
    except SpaceError as error:
        return any(fault.code.startswith("E08") for fault in error.diagnostics)
    return False
