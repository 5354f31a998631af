"""Checking what is typed: one thread, the newest text, and not before typing pauses.

A keystroke costs nothing but the wish for a check. Small programs are checked at once; the longer
one takes, the longer a pause of typing is waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import attrs

from autorecon.lsp.documents import Document, Documents
from autorecon.lsp.knowledge import Checked, Knowledge, check_document
from autorecon.lsp.view import View

QUICK = 0.03  # seconds; a check that takes less is not waited with
MOST = 1.0  # seconds of a pause


@attrs.define(eq=False)
class Checks:
    """The last check of each open document; `done` is told of each."""

    documents: Documents
    done: Callable[[Checked], None]
    _worker: ThreadPoolExecutor = attrs.field(factory=lambda: ThreadPoolExecutor(1))
    _tasks: dict[str, asyncio.Task] = attrs.field(factory=dict)
    _checked: dict[str, Checked] = attrs.field(factory=dict)
    _known: dict[str, Knowledge] = attrs.field(factory=dict)
    _seconds: dict[str, float] = attrs.field(factory=dict)

    def want(self, document: Document) -> None:
        """Check a document soon, and those open ones that may depend on it."""
        self._start(document)
        for other in self.documents.opened.values():
            if other is not document and any(other.files):
                self._start(other)

    def forget(self, uri: str) -> None:
        """Of a text that is closed."""
        if task := self._tasks.pop(uri, None):
            task.cancel()
        for known in (self._checked, self._known, self._seconds):
            known.pop(uri, None)

    async def view(self, uri: str, wait: float = 0.0) -> View | None:
        """What is known of an open document, after at most `wait` seconds for its check."""
        document, task = self.documents.opened.get(uri), self._tasks.get(uri)
        if document and task and wait:
            await asyncio.wait([task], timeout=wait)
        return self.now(document) if document else None

    def now(self, document: Document) -> View:
        checked = self._checked.get(document.uri)
        current = checked is not None and checked.document is document
        diagnostics = checked.diagnostics if checked and current else document.recovered.faults
        return View(document, self._known.get(document.uri), diagnostics)

    def _start(self, document: Document) -> None:
        if task := self._tasks.get(document.uri):
            task.cancel()
        self._tasks[document.uri] = asyncio.get_running_loop().create_task(self._check(document))

    async def _check(self, document: Document) -> None:
        last = self._seconds.get(document.uri, 0.0)
        if last > QUICK:
            await asyncio.sleep(min(2 * last, MOST))
        loop = asyncio.get_running_loop()
        checked, seconds = await loop.run_in_executor(self._worker, _timed, document)
        if self.documents.opened.get(document.uri) is not document:
            return
        self._seconds[document.uri] = seconds
        self._checked[document.uri] = checked
        if checked.program:
            self._known[document.uri] = Knowledge(document, checked.program)
        self.done(checked)


def _timed(document: Document) -> tuple[Checked, float]:
    start = time.perf_counter()
    return check_document(document), time.perf_counter() - start
