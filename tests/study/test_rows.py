"""From records to rows, with figures worked by hand."""

from __future__ import annotations

import pytest

from autorecon.records.cells import CellRecord, Made
from autorecon.study.cells import plan
from autorecon.study.estimate import Estimate
from autorecon.study.rows import Figure, rows
from autorecon.study.spec import read_study

PUBLISHED = """
[[published]]
of = "ResNet-20"
source = "somewhere"
teachers = ["tiny_teacher:teacher"]
figures.discovered.w3a3 = 40.15
"""


def records(cells, figures):
    """`figures` are accuracies by variant and seed, or the reason why there is none."""
    found = dict.fromkeys((cell.id for cell in cells), None)
    for cell in cells:
        figure = figures.get((cell.variant, cell.seed))
        if isinstance(figure, str):
            found[cell.id] = CellRecord(cell.id, {}, error=figure)
        elif figure is not None:
            made = Made(100 * (cell.seed + 1), 1000)
            found[cell.id] = CellRecord(cell.id, {}, accuracy=figure, generator=made)
    return found


def test_means_and_differences_are_over_the_seeds_that_both_have(tiny):
    study = read_study(tiny + PUBLISHED, "tiny", {"seeds": 3})
    cells = plan(study)
    human = {("human-designed", seed): figure for seed, figure in enumerate((80.0, 82.0, 84.0))}
    other = {("discovered", 0): 81.0, ("discovered", 1): "diverged", ("discovered", 2): 87.0}
    first, drawn, found = rows(study, cells, records(cells, human | other))
    assert (first.variant, first.accuracy.mean, first.accuracy.std) == ("human-designed", 82, 2)
    assert (first.difference, first.against, first.parameters) == (None, "", 200)
    assert (drawn.accuracy, drawn.missing, drawn.difference) == (None, 3, None)
    assert (found.accuracy.mean, found.accuracy.runs) == (84, 2)
    assert (found.difference.mean, found.difference.runs) == (2, 2)  # +1 and +3
    assert found.difference.high == pytest.approx(2 + 12.7062, abs=1e-4)
    assert found.failures == {"diverged": 1}
    assert found.published == Figure(40.15, "ResNet-20 (somewhere)")


def test_agreement_is_compared_where_no_image_has_a_label(tiny):
    study = read_study(tiny, "tiny", {"seeds": 1})
    cells = plan(study)
    agreed = {"human-designed": 80.0, "discovered": 83.0}
    found = {
        c.id: CellRecord(c.id, agreement=agreed[c.variant], divergence=0.5)
        if c.variant in agreed
        else None
        for c in cells
    }
    _, _, last = rows(study, cells, found)
    assert (last.accuracy, last.figure.mean, last.divergence.mean) == (None, 83.0, 0.5)
    assert last.difference.mean == 3.0


def test_differences_of_later_seeds_to_another_variant(tiny):
    text = tiny.replace('drawn = "paper"', 'drawn = "paper"\nagainst = "discovered"')
    study = read_study(text, "tiny", {"first_seed": 1, "seeds": 2}).against("random genotype")
    cells = plan(study)
    figures = {("human-designed", 0): 1.0, ("random genotype", 0): 50.0}
    figures |= {("random genotype", 1): 70.0, ("random genotype", 2): 74.0}
    figures |= {("discovered", 1): 75.0, ("discovered", 2): 75.0}
    human, drawn, found = rows(study, cells, records(cells, figures))
    assert (human.runs, human.missing, human.difference) == (2, 2, None)
    assert (drawn.accuracy.mean, drawn.against, drawn.difference) == (72, "", None)
    assert (found.against, found.difference.mean, found.difference.runs) == (
        "random genotype", 3, 2,
    )  # fmt: skip


def test_a_variant_may_be_compared_with_another(tiny):
    text = tiny.replace('drawn = "paper"', 'drawn = "paper"\nagainst = "discovered"')
    study = read_study(text, "tiny", {"seeds": 1})
    cells = plan(study)
    figures = {("human-designed", 0): 80.0, ("random genotype", 0): 70.0, ("discovered", 0): 75.0}
    _, drawn, found = rows(study, cells, records(cells, figures))
    assert (drawn.against, drawn.difference.mean) == ("discovered", -5)
    assert (found.against, found.difference.mean) == ("human-designed", -5)


def test_students_are_groups_of_their_own(tiny):
    text = tiny.replace('bits = ["w3a3"]', 'bits = ["w4a4", "w3a3"]\nstudents = ["resnet20"]')
    text = (
        text.replace("calibration_batches = 1\n", "")
        + 'compress = { method = "dfad", warmup_steps = 0 }\n'
    )
    study = read_study(text, "tiny")
    cells = plan(study)
    found = [(row.setting, row.variant) for row in rows(study, cells, records(cells, {}))]
    names = ["human-designed", "random genotype"]
    assert found == [(b, n) for b in ("w4a4", "w3a3") for n in names] + [("resnet20", "discovered")]


def test_estimates_are_of_what_is_most_alike(tiny):
    study = read_study(tiny, "tiny")
    cells = {cell.id.partition("/")[2]: cell for cell in plan(study)}
    human, other = cells["w3a3/human-designed/seed0"], cells["w3a3/discovered/seed0"]
    known = {human.id: CellRecord(human.id, {}, steps=6, seconds=12.0)}
    estimate = Estimate.of(cells.values(), known)
    assert estimate.seconds(cells["w3a3/human-designed/seed1"]) == 12
    assert estimate.seconds(other) == 12  # of the same teacher
    assert estimate.seconds(cells["search-paper/seed0"]) == 6  # 3 steps, as fast as any
    assert Estimate.of(cells.values(), {}).left(cells.values(), {}, {}) is None
    known[other.id] = CellRecord(other.id, {}, steps=6, seconds=24.0)
    estimate = Estimate.of(cells.values(), known)
    assert estimate.seconds(cells["w3a3/discovered/seed1"]) == 24
    assert estimate.seconds(cells["w3a3/random-genotype/seed1"]) == 18
    searches = {c.id: CellRecord(c.id, {}, steps=0) for c in cells.values() if c.kind != "compress"}
    shares = {"tiny_teacher-teacher/w3a3/discovered/seed1": 0.25}
    left = estimate.left(cells.values(), known | searches, shares)
    assert left == 12 + 24 * 0.75 + 18 + 18
