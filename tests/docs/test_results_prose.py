"""What docs/results.md says between its tables is of the records too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from statistics import fmean

from results_page import (
    FIVE,
    FOUND,
    FRESH,
    HUMAN,
    MOBILENET,
    PROSE,
    RANDOM,
    RESNET18,
    RESNET20,
    SIGNED,
    STUDIES,
    WIDE,
    Group,
)


def test_spreads_and_intervals_of_the_prose_are_of_the_records() -> None:
    """Tables are tested cell by cell; what is said between them is of one study or another."""
    prose = " ".join(re.sub(r"^(```.*?^```|\|.*?)$", "", STUDIES, flags=re.M | re.S).split())
    told = re.findall(rf"{SIGNED} \({SIGNED} \.\. {SIGNED}\)|\d+\.\d\d ± \d+\.\d\d", prose)
    assert len(told) > 5
    known = set()
    for study, teacher, bits in product(
        ("table2", "table2-longer"), (RESNET20, RESNET18, MOBILENET), ("w2a4", "w3a3")
    ):
        for seeds in (FIVE, FRESH):
            group = Group(study, teacher, bits, seeds)
            compared = [name for name in (HUMAN, RANDOM, WIDE, FOUND) if group.of(name)]
            known |= {group.told(name) for name in compared}
            pairs = product(compared, repeat=2)
            known |= {group.difference(one, other, bold=False) for one, other in pairs}
    assert set(told) <= known


def listed(figures: Mapping[int, float]) -> str:
    *most, last = (f"{value:.1f}" for value in sorted(figures.values()))
    return f"{', '.join(most)} and {last}"


def between(figures: Mapping[int, float]) -> str:
    return f"{min(figures.values()):.1f} to {max(figures.values()):.1f}"


def test_seeds_that_the_prose_names() -> None:
    first = Group("table2", MOBILENET, "w3a3", FIVE)
    more = Group("table2-longer", MOBILENET, "w3a3", FIVE)
    long = Group("table2-longer", MOBILENET, "w2a4", FIVE)
    low, high, *rest = sorted(more.of(HUMAN).values())
    for told in (
        f"human-designed generator end at {listed(first.of(HUMAN))} %",
        f"human-designed generator are at {between(long.of(HUMAN))}, of the discovered ones at "
        f"{between(long.of(FOUND))}",
        f"are at {low:.1f} and {high:.1f} %, three at {rest[0]:.1f} to {rest[-1]:.1f}",
    ):
        assert told in PROSE
    others = [value for name in (RANDOM, WIDE, FOUND) for value in first.of(name).values()]
    assert f"all others' at {min(others):.0f} to {max(others):.1f}" in PROSE
    low = min(Group("table2", RESNET18, "w2a4", FIVE).of(RANDOM).values())
    assert f"one of these, at {low:.1f} %" in PROSE


def test_how_often_students_of_mobilenet_fail() -> None:
    short = Group("table2", MOBILENET, "w3a3", range(3, 13))
    human, found = short.of(HUMAN).values(), short.of(FOUND).values()
    found = [*found, *Group("table2-longer", MOBILENET, "w3a3", FIVE).of(FOUND).values()]
    assert (len(human), sum(value < 80 for value in human)) == (10, 8)
    assert (len(found), min(found) < 87) == (15, False)
    assert "eight of its ten (seeds 3 to 12) were below 80" in PROSE
    assert "of the discovered ones' fifteen none is below 87" in PROSE


def test_what_tuning_brings() -> None:
    """After it and before it, students of ResNet-20 at w2a4."""
    group = Group("table2", RESNET20, "w2a4", FIVE)
    brought = {
        name: fmean(group.of(name).values()) - fmean(group.of(name, "calibrated").values())
        for name in (HUMAN, RANDOM, WIDE, FOUND)
    }
    assert (
        f"({brought[FOUND]:.1f} points with the discovered ones, {brought[RANDOM]:.1f} with random "
        f"ones) or takes away ({-brought[HUMAN]:.1f} with the human-designed one, "
        f"{-brought[WIDE]:.1f} with all 5x5)" in PROSE
    )
    mobile = Group("table2", MOBILENET, "w2a4", FIVE)
    told = mobile.difference(FOUND, RANDOM, "calibrated", bold=False)
    mean, interval = told.split(" ", 1)
    assert f"{mean[1:]} points {interval} below those of random ones" in PROSE
    longer = Group("table2-longer", RESNET18, "w2a4", FIVE)
    gains = [longer.of(FOUND)[seed] - longer.of(HUMAN)[seed] for seed in FIVE]
    assert f"all five pairs are for them, by {min(gains):.2f} to {max(gains):.2f}" in PROSE


def test_what_one_of_them_was_worth() -> None:
    ten, nine = (Group("plain/table2-short", RESNET20, "w3a3", range(3, last)) for last in (13, 12))
    accuracies = ten.of(RANDOM)
    assert accuracies[12] == min(accuracies.values())
    for group in (ten, nine):
        assert group.difference(FOUND, RANDOM, bold=False) in PROSE
        assert group.difference(RANDOM, HUMAN, bold=False) in PROSE
    assert "**" in ten.difference(FOUND, RANDOM)
    assert "**" not in nine.difference(FOUND, RANDOM)
