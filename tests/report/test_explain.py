"""Why an option was chosen, as the run's files tell it; numbers by hand."""

from __future__ import annotations

import json
import math
from itertools import product

import attrs
import pytest

from autorecon.graph import Space, loads
from autorecon.graph.counting.cost import Interval
from autorecon.lang import Decision
from autorecon.records.errors import RecordError
from autorecon.report.explain import ExplainError, _costs, _spread, explain
from autorecon.runs import Lines

SEARCH = {"strategy": "log", "epochs": 4}
SPACE = """\
space tiny(channels = 3, size = 8, width = 4)
input z [width, size / 2, size / 2]: noise
node a [width, size, size]
output image [channels, size, size]
link z -> a = nearest | bilinear
link a -> image = conv(3) | none | conv(5)
link z -> image = conv(1) >> nearest
"""


def row(epoch, probabilities, genotype):
    entropy = {k: -sum(p * math.log(p) for p in v) for k, v in probabilities.items()}
    return {
        "stage": "search", "epoch": epoch, "seconds": 1.0, "weights": {"total": 1.0},
        "entropy": entropy, "probabilities": probabilities, "genotype": genotype,
    }  # fmt: skip


@pytest.fixture
def run(start):
    folder = start(search=SEARCH, space={"file": "tiny.space", "set": {"channels": 1}})
    folder.space_path.write_text(SPACE)
    chosen = {"z->a": "nearest", "a->image": "conv(3)"}
    for epoch in range(3):
        moved = epoch / 10
        found = {"z->a": [0.5 + moved, 0.5 - moved], "a->image": [0.2, 0.5, 0.3]}
        Lines(folder.metrics_path).append(row(epoch, found, chosen))
    return folder


def derived(run, **changes):
    record = {
        "choices": {"z->a": "nearest", "a->image": "conv(5)"},
        "by": "argmax",
        "scores": {"z->a": [0.7, 0.3], "a->image": [0.2, 0.5, 0.3]},
        "judged": [],
        "repaired": ["a->image"],
    }
    (run.path / "derivation.json").write_text(json.dumps(record | changes))


def test_probabilities_margin_and_entropy(run):
    derived(run)
    (found,) = explain(run, "z -> a")
    assert (found.chosen, found.runner_up, found.best) == ("nearest", "bilinear", "nearest")
    assert found.options[0].probabilities == (0.5, 0.6, 0.7)
    assert found.shown == (1, 2, 3)
    assert (found.done, found.epochs) == (3, 4)
    assert found.margin == pytest.approx(0.4)
    entropy = -0.7 * math.log(0.7) - 0.3 * math.log(0.3)
    assert found.entropy == pytest.approx(entropy)
    assert found.undecided == pytest.approx(entropy / math.log(2))
    assert not found.repaired


def test_a_repair_is_told_with_what_came_first(run):
    derived(run)
    (found,) = explain(run, "a->image")
    assert found.repaired
    assert (found.chosen, found.best) == ("conv(5)", "none")
    assert found.margin == pytest.approx(0.3 - 0.5)


def test_costs_are_those_of_the_runs_parameters(run):
    (found,) = explain(run, "a->image")
    # One channel of images, as the run sets: 3 * 3 * 4 weights and a bias, on 8x8 places.
    assert [o.parameters.max for o in found.options] == [37, 0, 101]
    assert [o.macs.max for o in found.options] == [36 * 64, 0, 100 * 64]


def test_the_least_loss_of_what_was_judged_with_each_option(run):
    both = [("nearest", "conv(3)", 2.0), ("nearest", "none", 1.5), ("bilinear", "conv(3)", 1.75)]
    judged = [[{"z->a": z, "a->image": a}, {"total": loss}] for z, a, loss in both]
    derived(run, judged=judged, by="sample", repaired=[])
    (found,) = explain(run, "a->image")
    assert [option.loss for option in found.options] == [1.75, 1.5, None]


def test_before_the_end_the_last_epoch_counts(run):
    (found,) = explain(run, "a -> image")
    assert (found.chosen, found.best, found.derived) == ("conv(3)", "none", "argmax")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("z -> b", "no decision or edge `z -> b`: did you mean `z->a`"),
        ("z -> image", "nothing to choose: it is always conv(1) >> nearest"),
    ],
)
def test_edges_that_are_not_there_or_always_the_same(run, name, message):
    with pytest.raises(ExplainError) as caught:
        explain(run, name)
    assert message in str(caught.value)


def test_runs_that_have_no_search_or_another_space(start, run):
    with pytest.raises(ExplainError, match="no search to explain"):
        explain(start("empty"), "z -> a")
    run.space_path.write_text(SPACE.replace(" | bilinear", ""))
    with pytest.raises(ExplainError, match="of another space"):
        explain(run, "a -> image")


def test_a_record_of_another_space_is_told(run):
    space = {"choices": {"x": "y"}, "by": "argmax", "scores": {"x": [0.5, 0.5]}}
    run.derivation_path.write_text(json.dumps(space))
    with pytest.raises(ExplainError, match=r"derivation\.json is of another space: put back"):
        explain(run, "z -> a")


@pytest.mark.parametrize("text", ["[1]", "not json", '{"by": "argmax"}'])
def test_a_record_that_is_something_else_is_named(run, text):
    run.derivation_path.write_text(text)
    with pytest.raises(RecordError, match=r"derivation\.json"):
        explain(run, "z -> a")


def test_shown_epochs_are_spread_from_the_first_to_the_last():
    assert _spread(3) == [0, 1, 2]
    assert _spread(11) == [0, 2, 4, 6, 8, 10]
    assert _spread(1000)[0] == 0
    assert _spread(1000)[-1] == 999


def test_costs_of_an_option_that_several_edges_depend_on():
    program = loads(SPACE).program
    first, second, third = program.edges
    decisions = {
        "both": Decision("both", "both", ("p", "q")),
        "a->image": Decision("a->image", "a -> image", ("u", "v", "w")),
    }
    tied = attrs.evolve(second, axes=("a->image", "both"), table=(0, 1, 0, 2, 2, 0))
    edges = (attrs.evolve(first, axes=("both",)), tied, third)
    space = Space(attrs.evolve(program, edges=edges, decisions=decisions))
    for decision, pick in product(space.decisions, range(3)):
        if pick < len(decision.options):
            expected = _by_hand(space, decision.name, pick)
            depending = [e for e in space.edges if decision.name in e.axes]
            parameters, macs = _costs(space, depending, decision, pick)
            assert [parameters, macs] == expected


def _by_hand(space, name, pick):
    """Each edge's least and greatest over all picks that hold this one, added up."""
    ends = {"parameters": [0, 0], "macs": [0, 0]}
    for edge in (e for e in space.edges if name in e.axes):
        own = edge.candidates
        possible = []
        for picks in product(range(2), range(3)):
            index = dict(zip(("both", "a->image"), picks, strict=True))
            if index[name] == pick:
                possible.append(own[space.program.candidate(edge, index)])
        for measure, end in ends.items():
            costs = [getattr(c, measure) for c in possible]
            end[0] += min(costs)
            end[1] += max(costs)
    return [Interval(*end) for end in ends.values()]


@pytest.mark.parametrize(
    "search", [{"strategy": "other", "epochs": 4}, {"strategy": "log"}, {"epochs": 4}]
)
def test_a_search_that_there_is_not_is_told(run, search):
    run.config["search"] = search
    with pytest.raises(ExplainError, match="does not name a strategy and the epochs"):
        explain(run, "z->a")
