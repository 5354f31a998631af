"""docs/results.md: its tables, its prose, and texts of what its studies' records hold."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from statistics import fmean
from typing import Any

from autorecon.records.cells import CellLog, CellRecord
from autorecon.study.spec import slug
from autorecon.study.statistics import paired, sample

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

    def told(self, name: str, figure: str = "accuracy") -> str:
        found = sample(list(self.of(name, figure).values()))
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
