"""A run's report while the run goes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import attrs

from autorecon.runs import RunFolder
from autorecon.watch.pages import stamp

_SHARE = 0.05  # of one processor that the page may take from the run, at most
_MADE = {"checkpoint", "report.html", ".lock"}


@attrs.define
class RunPage:
    """A run's folder; its page is made anew when a file of it is another, though not so often that
    it would slow the run. RunError where it is none when watching begins."""

    path: Path
    _tag: str = attrs.field(default="", init=False)
    _next: float = attrs.field(default=0.0, init=False)

    def __attrs_post_init__(self) -> None:
        RunFolder.open(self.path)

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]:
        return {}

    def tag(self) -> str:
        if time.monotonic() >= self._next:
            self._tag = stamp(self._files())
        return self._tag

    def page(self) -> str:
        from autorecon.report.inputs import read_inputs
        from autorecon.report.page import render

        start = time.thread_time()
        try:
            return render(read_inputs(RunFolder.open(self.path)), live=True)
        finally:
            self._next = time.monotonic() + (time.thread_time() - start) / _SHARE

    def _files(self) -> list[Path]:
        """What a report is made of, and rows of stages that run side by side."""
        own = (path for path in self.path.glob("*") if path.name not in _MADE)
        stages, *pictures = (self.path / name for name in ("checkpoint", "images", "front"))
        beside = [] if stages.is_symlink() else stages.glob("**/metrics.jsonl")
        there = (folder for folder in pictures if not folder.is_symlink())
        return [*own, *beside, *(file for folder in there for file in folder.glob("*"))]
