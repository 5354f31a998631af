"""Bad programs: each fault is found at its line, all of them in one run, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from autorecon.graph import load
from autorecon.lang import Diagnostic, SpaceError
from autorecon.lang.diagnostics.codes import CODES

FOLDER = Path(__file__).parent / "bad"
FILES = sorted([*FOLDER.glob("*.space"), *FOLDER.glob("genotypes/*.space")])
_EXPECTED = re.compile(r"# (?:error: (?=E)|warning: (?=W))((?:[EW]\d{4} ?)+)\s*$")


def expected_faults(path: Path) -> Counter[tuple[int, str]]:
    """(line, code) of every `# error: CODE ...` or `# warning: CODE` at the end of a line."""
    found: Counter[tuple[int, str]] = Counter()
    for number, line in enumerate(path.read_text("utf-8", "replace").split("\n"), start=1):
        if match := _EXPECTED.search(line):
            found.update((number, code) for code in match[1].split())
    return found


def reported_faults(path: Path) -> Counter[tuple[int, str]]:
    """The same of what the checker says; a fault without a place counts at the header."""
    spans = [(d.span, d.code) for d in _diagnostics(path)]
    assert all(span is None or span.source.path == path for span, _ in spans)
    return Counter((s.source.position(s.start)[0] if s else 1, code) for s, code in spans)


def _diagnostics(path: Path) -> tuple[Diagnostic, ...]:
    try:
        return load(path).program.warnings
    except SpaceError as error:
        return error.diagnostics


@pytest.mark.parametrize(
    "path", FILES, ids=lambda p: p.relative_to(FOLDER).with_suffix("").as_posix()
)
def test_all_faults_at_their_lines_and_no_others(path: Path) -> None:
    expected = expected_faults(path)
    assert expected, "a bad program says where it is bad"
    assert reported_faults(path) == expected


def test_every_code_is_covered() -> None:
    covered = {code for path in FILES for _, code in expected_faults(path)}
    of_graphs = {code for code in CODES if code.startswith("E10")}  # tests/graph has these
    assert covered == set(CODES) - of_graphs
