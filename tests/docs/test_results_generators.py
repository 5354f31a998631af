"""Tables of docs/results.md that compare generators are those of the records."""

from __future__ import annotations

import pytest

from results_page import (
    FIVE,
    FOUND,
    FRESH,
    HUMAN,
    MOBILENET,
    PAGE,
    RESNET18,
    RESNET20,
    ROOT,
    Group,
    Table,
    table,
    tables,
    variant,
)


@pytest.mark.parametrize(
    ("head", "teacher", "setting"),
    [
        ("ResNet-20, w2a4", RESNET20, "w2a4"),
        ("ResNet-18, w2a4", RESNET18, "w2a4"),
        ("MobileNetV2, w3a3", MOBILENET, "w3a3"),
        ("MobileNetV2, w2a4", MOBILENET, "w2a4"),
        ("ResNet-20, w3a3", RESNET20, "w3a3"),
    ],
)
def test_generators_compared(head: str, teacher: str, setting: str) -> None:
    check_generators(table(head)[1:], Group("table2", teacher, setting, FIVE))


def test_generators_compared_with_more_steps() -> None:
    (_, *rows) = next(found for found in tables(PAGE) if found[1][0].startswith("**ResNet-20**,"))
    for start, teacher in zip((0, 4, 8), (RESNET20, RESNET18, MOBILENET), strict=True):
        rows[start][0] = rows[start][0].rpartition("**, ")[2]
        group = Group("table2-longer", teacher, "w2a4", FIVE)
        check_generators(rows[start : start + 4], group)


def check_generators(rows: Table, group: Group) -> None:
    assert len(rows) == 4
    for label, *cells in rows:
        name = variant(label)
        assert cells == [
            group.macs(name),
            group.calibrated(name),
            group.told(name),
            group.difference(name, HUMAN),
            group.difference(FOUND, name),
        ], label


def test_what_the_summary_says() -> None:
    rows = {label: cells for label, *cells in table("discovered - human-designed")[1:]}
    wins = 0
    for label, teacher in (("ResNet-20", RESNET20), ("ResNet-18", RESNET18)):
        short, long = (Group(s, teacher, "w2a4", FIVE) for s in ("table2", "table2-longer"))
        found = [group.difference(FOUND, HUMAN) for group in (short, long)]
        assert rows[label][:2] == found
        wins += sum("**" in cell for cell in found)
    w3a3 = Group("table2", RESNET20, "w3a3", FIVE).difference(FOUND, HUMAN)
    assert rows["ResNet-20"][2:] == [f"{w3a3}, saturated", ""]
    assert rows["ResNet-18"][2:] == ["saturated, not run", ""]
    fresh = Group("table2", MOBILENET, "w3a3", FRESH).difference(FOUND, HUMAN)
    own = [
        Group("table2", MOBILENET, "w2a4", FIVE).difference(FOUND, HUMAN),
        Group("table2-longer", MOBILENET, "w2a4", FIVE).difference(FOUND, HUMAN),
        fresh,
        Group("table2-longer", MOBILENET, "w3a3", FIVE).difference(FOUND, HUMAN),
    ]
    assert rows["MobileNetV2"] == [*own[:2], f"{fresh}, fresh seeds", own[3]]
    # The first five pairs of MobileNetV2 at w3a3 are the ninth, and no win.
    assert wins + sum("**" in cell for cell in own) == 4
    assert not any(cell.startswith("**-") for cells in rows.values() for cell in cells)


def test_channels_scaled() -> None:
    group = Group("table3", RESNET20, "w2a4", range(3))
    for label, *cells in table("generator")[1:]:
        figures = [group.macs(label), group.calibrated(label), group.told(label)]
        assert cells == [*figures, group.difference(label, "s = 1")]


def test_generators_compared_with_gdfqs_rounding() -> None:
    """In docs/tried.md, a column a study and teacher."""
    page = (ROOT / "docs" / "tried.md").read_text("utf-8")
    (_, *rows) = next(found for found in tables(page) if found[0][0] == "accuracy at w3a3")
    groups = [
        Group("plain/table2-short", RESNET20, "w3a3", range(3, 13)),
        Group("plain/table2-short", RESNET18, "w3a3", FIVE),
        Group("plain/table2-short", MOBILENET, "w3a3", range(3, 5)),
        Group("plain/table2-medium", MOBILENET, "w3a3", range(3, 5)),
    ]
    for label, *cells in rows[:4]:
        assert cells == [group.told(variant(label)) for group in groups], label
    assert rows[4][1:] == [group.difference(FOUND, HUMAN) for group in groups]
