"""docs/results.md is true: its commands go on from docs/results, its figures are those of them."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from statistics import fmean
from typing import Any

import pytest
from click.testing import CliRunner

from autorecon.cli import cli
from autorecon.graph import Space, load
from autorecon.records.cells import CellLog, CellRecord, Made
from autorecon.study.spec import slug
from autorecon.study.statistics import paired, sample
from autorecon.teachers import Teacher
from autorecon.workflow.config import read_config
from autorecon.workflow.prepare import bind, load_teacher

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "docs" / "results"
PAGE = (ROOT / "docs" / "results.md").read_text("utf-8")
PROSE = " ".join(re.sub(r"^(```.*?^```$|\|.*?)$", "", PAGE, flags=re.M | re.S).split())
STUDIES = PAGE[: PAGE.index("## Rounding, weights and rates")]
SIGNED = r"[+-]\d+\.\d\d"

RESNET20, RESNET18, MOBILENET = "resnet20-fashion16", "resnet18-fashion32", "mobilenetv2-fashion32"
HUMAN, RANDOM, WIDE = "human-designed", "random, autorecon", "all conv5 dilation 2"
FOUND = "discovered, autorecon"
FIVE, FRESH = range(3, 8), range(8, 13)
ROWS = {
    "random, our space": RANDOM,
    "all 5x5, dilation 2 (paper's space)": WIDE,
    "discovered, our recipe": FOUND,
    "DAFL, its own": "DAFL",
    "DFAD, its own": "DFAD",
    "AIT, discovered (for GDFQ)": "AIT, discovered",
    "DFAD, discovered (for GDFQ)": "DFAD, discovered",
}
"""What the page calls variants otherwise than their study does."""

Table = list[list[str]]


@cache
def records(study: str) -> Mapping[str, CellRecord]:
    return CellLog(RESULTS / study / "records.jsonl").read()


class Group:
    """What a study compares at one setting of one teacher; all but names are texts of the page."""

    def __init__(self, study: str, teacher: str, setting: str, seeds: range) -> None:
        self.place, self.seeds = f"{teacher}/{setting}", seeds
        self.records = records(study)

    def of(self, name: str, figure: str = "accuracy") -> dict[int, Any]:
        """By seed; none where the variant was not compared."""
        cells = {seed: f"{self.place}/{slug(name)}/seed{seed}" for seed in self.seeds}
        known = {seed: self.records[cell] for seed, cell in cells.items() if cell in self.records}
        assert len(known) in (0, len(self.seeds)), f"seeds of {self.place}, {name}"
        return {
            seed: value for seed, r in known.items() if (value := getattr(r, figure)) is not None
        }

    def accuracy(self, name: str) -> str:
        found = sample(list(self.of(name).values()))
        assert found
        assert found.std is not None
        return f"{found.mean:.2f} ± {found.std:.2f}"

    def calibrated(self, name: str) -> str:
        """Nothing where nothing follows the calibration."""
        known = self.of(name, "calibrated")
        return "" if known == self.of(name) else f"{fmean(known.values()):.2f}"

    def difference(self, name: str, to: str, figure: str = "accuracy", bold: bool = True) -> str:
        """Bold where the interval is on one side of zero."""
        found = paired(self.of(name, figure), self.of(to, figure))
        if found is None or name == to:
            return ""
        assert found.low is not None
        assert found.high is not None
        text = f"{found.mean:+.2f} ({found.low:+.2f} .. {found.high:+.2f})"
        return f"**{text}**" if bold and (found.low > 0 or found.high < 0) else text

    def macs(self, name: str) -> str:
        millions = fmean(made.macs for made in self.of(name, "generator").values()) / 1e6
        return f"{millions:.1f}" if millions < 100 else f"{millions:.0f}"


def tables(text: str) -> Iterator[Table]:
    """Of a page, rows of cells, the head first."""
    for block in re.findall(r"(?:^\|.*\n)+", text, flags=re.M):
        rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in block.splitlines()]
        yield [rows[0], *rows[2:]]


def table(head: str) -> Table:
    (found,) = (found for found in tables(PAGE) if found[0][0] == head)
    return found


def variant(label: str) -> str:
    return ROWS.get(label, label)


@pytest.mark.parametrize(
    "command", re.findall(r"^autorecon study (?:.*\\\n)*.*$", PAGE, flags=re.M)
)
def test_commands_go_on_from_the_records(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    teachers = (RESNET20, RESNET18, MOBILENET) if "--teacher T" in command else ("",)
    for teacher in teachers:
        line = command.replace("\\\n", " ").replace("--teacher T", f"--teacher {teacher}")
        result = CliRunner().invoke(cli, [*shlex.split(line)[1:], "--plan", "--json"])
        assert result.exit_code == 0, result.output
        assert all(cell["done"] for cell in json.loads(result.stdout))


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
            group.accuracy(name),
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
        figures = [group.macs(label), group.calibrated(label), group.accuracy(label)]
        assert cells == [*figures, group.difference(label, "s = 1")]


def test_distillation() -> None:
    group = Group("table4", RESNET20, "resnet20", range(3))
    for label, *cells in table("method and generator")[1:]:
        name, own = variant(label), label.partition(",")[0]
        difference = group.difference(name, own)
        to = f"{difference} to {own}" if difference else ""
        assert cells == [group.macs(name), group.accuracy(name), to]


def test_methods_that_quantize() -> None:
    groups = [Group("table5", RESNET20, bits, range(3)) for bits in ("w3a3", "w2a4")]
    for label, *cells in table("method")[1:]:
        name = variant(label)
        assert cells == [
            cell
            for group in groups
            for cell in (
                group.calibrated(name),
                group.accuracy(name),
                group.difference(name, "GDFQ"),
            )
        ], label


def test_methods_that_distil() -> None:
    group = Group("table5", RESNET20, "resnet20", range(3))
    for label, *cells in table("distilled")[1:]:
        name = variant(label)
        assert cells == [group.accuracy(name), group.difference(name, "DFAD")], label


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
        assert cells == [group.accuracy(variant(label)) for group in groups], label
    assert rows[4][1:] == [group.difference(FOUND, HUMAN) for group in groups]


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
            known |= {group.accuracy(name) for name in compared}
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


def test_records_are_few_and_small() -> None:
    kept = ("study.toml", "records.jsonl", "table.csv")
    made = (".lock", "table.html", "table.tex", "table.txt")  # by whoever goes on; git ignores them
    folders = [path.parent for path in RESULTS.rglob("study.toml")]
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    assert {path.name for path in files} <= {*kept, *made}
    files = [path for path in files if path.name in kept]
    assert len(files) < 60
    assert sum(path.stat().st_size for path in files) < 400_000


@pytest.mark.parametrize("study", ["table2", "table2-longer", "table3", "table4", "table5"])
def test_genotypes_are_of_the_spaces_of_now(study: str) -> None:
    """Their ids say all of them as long as a space means what it did."""
    teachers: dict[str, Teacher] = {}
    spaces: dict[str, Space] = {}
    found = {(r.genotype, r.generator): read_config(r.settings) for r in records(study).values()}
    for (genotype, made), config in found.items():
        if genotype:
            name, key = config.teacher.name, f"{config.teacher.name} {config.space}"
            teacher = teachers.get(name) or teachers.setdefault(name, load_teacher(config))
            space = spaces.get(key) or bind(config.space.file, config.space.set, teacher)
            cost = spaces.setdefault(key, space).from_id(genotype).cost
            assert Made(cost.parameters.max, cost.macs.max) == made


def _genotypes(study: str) -> Iterator[tuple[CellRecord, Space]]:
    """Of each compression with what was drawn or discovered, that generator."""
    known, spaces = records(study), dict[str, Space]()
    for record in known.values():
        source = known.get(read_config(record.settings).space.file.removesuffix(".space"))
        if source is not None:
            config = read_config(source.settings)
            key = f"{config.teacher.name} {config.space}"
            if key not in spaces:
                spaces[key] = bind(config.space.file, config.space.set, load_teacher(config))
            yield record, spaces[key].from_id(source.genotype)


def test_every_generator_that_could_not_know_the_class_is_named() -> None:
    studies = sorted(str(path.parent.relative_to(RESULTS)) for path in RESULTS.rglob("study.toml"))
    compressed = [(study, *pair) for study in studies for pair in _genotypes(study)]
    assert len(compressed) > 200
    cut = [
        [f"`{r.cell}`", f"`{study}`", r.settings["compress"]["method"], f"{r.accuracy:.2f}"]
        for study, r, generator in compressed
        if "y" not in generator.live
    ]
    assert sorted(table("record")[1:]) == sorted(cut)


def test_what_one_of_them_was_worth() -> None:
    ten, nine = (Group("plain/table2-short", RESNET20, "w3a3", range(3, last)) for last in (13, 12))
    accuracies = ten.of(RANDOM)
    assert accuracies[12] == min(accuracies.values())
    for group in (ten, nine):
        assert group.difference(FOUND, RANDOM, bold=False) in PROSE
        assert group.difference(RANDOM, HUMAN, bold=False) in PROSE
    assert "**" in ten.difference(FOUND, RANDOM)
    assert "**" not in nine.difference(FOUND, RANDOM)


def test_a_study_goes_on_with_what_could_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its genotypes are written again; none of them is compressed with anew."""
    (command,) = re.findall(r"^autorecon study table4 .*$", PAGE, flags=re.M)
    for name in ("study.toml", "records.jsonl"):
        shutil.copy(RESULTS / "table4" / name, tmp_path)
    result = CliRunner().invoke(
        cli, shlex.split(command.replace("docs/results/table4", str(tmp_path)))[1:]
    )
    assert result.exit_code == 0, result.output
    found = [load(path) for path in tmp_path.glob("genotypes/27FXG-*.space")]
    assert [("y" in genotype.live) for genotype in found].count(False) == 2
