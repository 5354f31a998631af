"""Weights of options become weights of candidates: by hand, and that gradients come through."""

from __future__ import annotations

import attrs
import pytest
import torch

from autorecon import supernet
from autorecon.graph import Space, loads
from autorecon.lang import Decision
from autorecon.nn import OneCandidate, SomeCandidates, edge_mixture

TEXT = """
space two
input z [3]: noise
node a [3]
output image [3]
link z -> a = linear | identity
link a -> image = linear | identity | none
"""


@pytest.fixture
def tied() -> Space:
    """The second edge depends on its own decision, of four options, and on `both`."""
    program = loads(TEXT).program
    first, second = program.edges
    decisions = {
        "both": Decision("both", "both", ("p", "q")),
        "a->image": Decision("a->image", "a -> image", ("w", "x", "y")),
    }
    edges = (
        attrs.evolve(first, axes=("both",)),
        attrs.evolve(second, axes=("a->image", "both"), table=(0, 1, 0, 0, 2, 1)),
    )
    return Space(attrs.evolve(program, edges=edges, decisions=decisions))


def test_decisions_of_single_edges_are_their_mixture() -> None:
    space = loads(TEXT)
    sampled = {"z->a": torch.rand(2), "a->image": OneCandidate(1, torch.ones(()))}
    assert edge_mixture(space, sampled) == sampled


def test_a_choice_that_one_edge_names_is_its_mixture() -> None:
    space = loads(
        TEXT.replace("= linear | identity\n", "= linear >> act\n") + "choice act = relu | tanh\n"
    )
    sampled = {"act": torch.rand(2), "a->image": torch.rand(3)}
    assert edge_mixture(space, sampled) == {"z->a": sampled["act"], "a->image": sampled["a->image"]}


def test_a_candidate_weighs_what_its_combinations_do(tied: Space) -> None:
    own, both = torch.tensor([0.5, 0.3, 0.2]), torch.tensor([0.9, 0.1], requires_grad=True)
    mixture = edge_mixture(tied, {"a->image": own, "both": both})
    assert torch.equal(mixture["z->a"], both)
    # (w,p) (w,q) (x,p) (x,q) (y,p) (y,q) are the candidates 0 1 0 0 2 1.
    expected = [0.45 + 0.27 + 0.03, 0.05 + 0.02, 0.18]
    assert torch.allclose(mixture["a->image"], torch.tensor(expected))
    mixture["a->image"][2].backward()
    assert torch.allclose(both.grad, torch.tensor([0.2, 0.0]))


def test_single_options_are_single_candidates(tied: Space) -> None:
    one, other = OneCandidate(2, torch.tensor(1.0)), OneCandidate(0, torch.tensor(1.0))
    found = edge_mixture(tied, {"a->image": one, "both": other})["a->image"]
    assert isinstance(found, OneCandidate)
    assert (found.index, float(found.weight)) == (2, 1.0)


def test_a_single_option_beside_several(tied: Space) -> None:
    own = torch.tensor([0.5, 0.3, 0.2])
    found = edge_mixture(tied, {"a->image": own, "both": OneCandidate(1, torch.tensor(1.0))})
    assert torch.allclose(found["a->image"], torch.tensor([0.3, 0.7, 0.0]))


def test_some_options_of_tied_decisions_are_some_candidates(tied: Space) -> None:
    own, both = torch.tensor([0.5, 0.0, 0.5]), torch.tensor([0.9, 0.1])
    some = {"a->image": SomeCandidates((0, 2), own), "both": SomeCandidates((0,), both)}
    found = edge_mixture(tied, some)
    expected = edge_mixture(tied, {"a->image": own, "both": both})
    # Of (w,p) (w,q) (x,p) (x,q) (y,p) (y,q), candidates 0 1 0 0 2 1, these are (w,p) and (y,p).
    for edge, indices in {"z->a": (0,), "a->image": (0, 2)}.items():
        assert found[edge].indices == indices
        assert torch.equal(found[edge].weights, expected[edge])


def test_a_concatenation_that_a_mixture_against_the_rules_leaves_a_part_out_of_is_refused() -> None:
    text = (
        "space s\ninput z [3]: noise\nnode a, b [3]\nnode all [6] merge concat\noutput image [3]\n"
        "link z -> {a, b} = linear | none\nlink {a, b} -> all = relu\nlink all -> image = linear\n"
        "rule at most 0 none into a\nrule at most 0 none into b\n"
    )
    net = supernet(loads(text), seed=0)
    z, y = net.example_inputs(2)
    one = torch.ones(())
    assert net(z, y, {"z->a": OneCandidate(0, one), "z->b": OneCandidate(0, one)}).shape == (2, 3)
    with pytest.raises(ValueError, match="a part of what all of s merges is missing"):
        net(z, y, {"z->a": OneCandidate(0, one), "z->b": OneCandidate(1, one)})
