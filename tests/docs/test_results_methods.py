"""Tables of docs/results.md that compare methods are those of the records."""

from __future__ import annotations

from autorecon.study.spec import slug
from results_page import HUMAN, MOBILENET, RESNET18, RESNET20, Group, records, table, variant


def test_distillation() -> None:
    group = Group("table4", RESNET20, "resnet20", range(3))
    for label, *cells in table("method and generator")[1:]:
        name, own = variant(label), label.partition(",")[0]
        difference = group.difference(name, own)
        to = f"{difference} to {own}" if difference else ""
        assert cells == [group.macs(name), group.told(name), to]


def test_distilling_from_a_bank() -> None:
    known = records("banks")
    rows = table("with a bank")[1:]
    assert len(rows) == len(known)
    for label, *cells in rows:
        record = known[f"{RESNET20}/resnet20/{slug(label)}/seed0"]
        assert record.generator is not None
        macs = f"{record.generator.macs / 1e6:.1f}"
        assert cells == [macs, f"{record.accuracy:.2f}", f"{record.agreement:.2f}"]


def test_methods_that_quantize() -> None:
    groups = [Group("table5", RESNET20, bits, range(3)) for bits in ("w3a3", "w2a4")]
    for label, *cells in table("method")[1:]:
        name = variant(label)
        assert cells == [
            cell
            for group in groups
            for cell in (
                group.calibrated(name),
                group.told(name),
                group.difference(name, "GDFQ"),
            )
        ], label


def test_methods_that_distil() -> None:
    group = Group("table5", RESNET20, "resnet20", range(3))
    for label, *cells in table("distilled")[1:]:
        name = variant(label)
        assert cells == [group.told(name), group.difference(name, "DFAD")], label


LITE0 = {
    "noise": ("noise, mse", "agreement", "accuracy"),
    "noise, `percentile`": ("noise, percentile", "agreement", "accuracy"),
    "`zeroq`": ("ZeroQ, mse", "agreement", "accuracy"),
    "calibration": ("GDFQ, mse", "calibrated_agreement", "calibrated"),
    "`gdfq`": ("GDFQ, mse", "agreement", "accuracy"),
}


def test_a_real_network() -> None:
    """Of each row the variant and its two figures; a cell has those of all seeds that were run."""
    head, *rows = table("ranges read off")
    for label, *cells in rows:
        name, *figures = LITE0[label]
        for bits, cell in zip(head[1:], cells, strict=True):
            known = records("lite0")
            places = [f"lite0_teacher-lite0/{bits}/{slug(name)}/seed{seed}" for seed in (0, 1)]
            found = [known[place] for place in places if place in known]
            told = [", ".join(f"{getattr(r, figure):.1f}" for r in found) for figure in figures]
            assert cell == " / ".join(told), (label, bits)


def test_what_helps_most() -> None:
    names = ["noise", "gdfq, published settings", "gdfq", "reconstructed"]
    teachers = {"ResNet-20": RESNET20, "ResNet-18": RESNET18, "MobileNetV2": MOBILENET}
    for label, *cells in table("teacher and bits")[1:]:
        name, bits = label.split(", ")
        seeds = range(30, 35 if bits == "w2a4" and name != "ResNet-18" else 33)
        group = Group("reconstruction", teachers[name], bits, seeds)
        expected = [group.told(name) for name in names]
        assert [cell.strip("*") for cell in cells[1:5]] == expected, label
        assert cells[5] == group.difference("reconstructed", "gdfq"), label


def test_what_helps_a_real_network() -> None:
    lite0 = "lite0_teacher-lite0"
    for bits, *cells in table("EfficientNet-Lite0, agreement / top-1")[1:]:
        own, claim = (
            Group(f"lite0-{name}", lite0, bits, range(3)) for name in ("reconstruction", "claim")
        )
        expected = [
            " / ".join(group.told(name, figure) for figure in ("agreement", "accuracy"))
            for group, name in ((own, "noise"), (claim, HUMAN), (own, "reconstructed"))
        ]
        assert [cell.strip("*") for cell in cells[:3]] == expected, bits
        assert cells[3] == own.difference("reconstructed", "noise", "agreement"), bits
