"""The course of `autorecon auto` as a page and a terminal show it."""

from __future__ import annotations

import attrs

from autorecon.records.course import Course, Entry, Rung
from autorecon.records.score import Score
from autorecon.report.course import rung_tables, worth

ENTRIES = [
    Entry("noise", {"compress": {"method": "noise"}}, 90.0, Score(80.0, 85.0, 0.2), 0, 1.0),
    Entry("human-designed", {"generator": "gdfq-cifar"}, 91.0, Score(82.0, 88.0, 0.1), 44, 20.0),
    Entry("bad", {"discovered": "mine"}, error="diverged: no number", steps=44),
    Entry(
        "found", {"drawn": "mine", "compress": {"alpha": 3.0}}, 95.0, Score(81.0, 86.0), 44, 200.0
    ),
]
COURSE = Course(
    teacher="t", bits="w3a3", lengths=[0.1, 1.0], rungs=[Rung(0.1, ENTRIES, 120.0)], winner="found"
)


def test_the_best_of_a_rung_comes_first_and_what_failed_last() -> None:
    (table,) = rung_tables(COURSE)
    assert table.title == "Rung 1 of 2: 4 candidates, 44 steps, 2 min"
    assert table.columns == ("judged, %", "agreement, %", "accuracy, %", "took")
    assert table.rows == [
        ("found", "drawn mine, alpha=3.0", "95.00", "86.00", "81.00", "3 min"),
        ("human-designed", "gdfq-cifar", "91.00", "88.00", "82.00", "20 s"),
        ("noise", "noise", "90.00", "85.00", "80.00", "1 s"),
        ("bad", "diverged: no number", "failed", "", "", "0 s"),
    ]
    assert table.chosen == "found"


def test_what_was_not_measured_has_no_columns() -> None:
    plain = [attrs.evolve(entry, score=None) for entry in ENTRIES]
    (table,) = rung_tables(attrs.evolve(COURSE, rungs=[Rung(0.1, plain)]))
    assert table.columns == ("judged, %", "took")
    assert worth(COURSE) == "", "three students are too few"
    more = [*ENTRIES, Entry("more", {}, 96.0, Score(83.0, 89.0))]
    told = worth(attrs.evolve(COURSE, rungs=[Rung(0.1, more)]))
    # Ranks of 90, 91, 95, 96 beside 85, 88, 86, 89: one pair of six the other way round.
    assert told == "rung 1, 4 students: Spearman +0.80, Kendall +0.67"
