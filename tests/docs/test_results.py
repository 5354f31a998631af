"""docs/results.md is true of the records beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from autorecon import load

FOLDER = Path(__file__).parents[2] / "docs" / "results"
PAGE = FOLDER.with_suffix(".md").read_text("utf-8")


@cache
def _knows(genotype: Path) -> bool:
    space = load(genotype)
    return bool({n.name for n in space.program.inputs if n.role == "label"} & space.live)


def _compressions() -> Iterator[tuple[Path, Path, dict]]:
    """Each record of a student with the genotype, drawn or discovered, that made its images."""
    for cells in FOLDER.rglob("cells"):
        for path in cells.rglob("*.json"):
            record = json.loads(path.read_text("utf-8"))
            genotype = cells / record["settings"]["space"]["file"]
            if record["settings"]["command"] == "compress" and genotype.is_file():
                yield path.relative_to(FOLDER), genotype, record


def test_every_generator_that_could_not_know_the_class_is_named() -> None:
    found = {
        (str(path), record["settings"]["compress"]["method"], f"{record['accuracy']:.2f}")
        for path, genotype, record in _compressions()
        if not _knows(genotype)
    }
    section = PAGE.partition("## Generators that could not know the class")[2]
    assert set(re.findall(r"^\| `(\S+)` \| (\w+) \| ([\d.]+) \|$", section, flags=re.M)) == found
    assert sum(1 for _ in _compressions()) > 100
