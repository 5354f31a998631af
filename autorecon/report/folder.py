"""The page of a folder: of a run, or of a course of `autorecon auto` that is to become one."""

from __future__ import annotations

from pathlib import Path

from autorecon.report import page, under_way
from autorecon.report.inputs import read_inputs
from autorecon.runs import RunFolder


def shown(folder: Path, *, live: bool = False) -> str:
    """The page's HTML. Raises ReportError, RecordError or RunError, naming what is malformed, and
    RunError where there is neither."""
    if course := under_way.under_way(folder):
        return under_way.render(course, live=live)
    return page.render(read_inputs(RunFolder.open(folder)), live=live)
