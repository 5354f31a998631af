"""A run's report while the run goes, or what is known of one that `autorecon auto` looks for."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import chain
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
        from autorecon.report.under_way import is_under_way

        if not is_under_way(self.path):
            RunFolder.open(self.path)

    @property
    def parts(self) -> Mapping[str, Callable[[], str]]:
        return {}

    def tag(self) -> str:
        if time.monotonic() >= self._next:
            self._tag = stamp(self._files())
        return self._tag

    def page(self) -> str:
        from autorecon.report.folder import shown

        start = time.thread_time()
        try:
            return shown(self.path, live=True)
        finally:
            self._next = time.monotonic() + (time.thread_time() - start) / _SHARE

    def _files(self) -> list[Path]:
        """What a report is made of, and rows of stages that run side by side."""
        own = (path for path in self.path.glob("*") if path.name not in _MADE)
        places = ("checkpoint/**/metrics.jsonl", "work/**/metrics.jsonl", "images/*", "front/*")
        parts = (place.partition("/") for place in places)
        # What is linked in later may be all of the disk; the page refuses it.
        there = [(self.path / part[0], part[2]) for part in parts]
        within = (f.glob(names) for f, names in there if not f.is_symlink())
        return [*own, *chain.from_iterable(within)]
