"""A text with its faults mended, as far as their fixes go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import attrs

from autorecon.lang.diagnostics.edits import Edit, Fix
from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lang.source import Source

MAX_PASSES = 100
Check = Callable[[Source], Sequence[Diagnostic]]


@attrs.frozen
class Mended:
    """The text as it is now, what was done to it, and what is still wrong with it."""

    source: Source
    done: tuple[Diagnostic, ...]
    left: tuple[Diagnostic, ...]


def mend(source: Source, check: Check, *, unsafe: bool = False) -> Mended:
    """Apply the fixes that are safe, or the first of each fault, until none helps.

    Where one reveals what was hidden, as a name behind a syntax fault, that is mended next. A
    change after which more is wrong than before is not made.
    """
    done: list[Diagnostic] = []
    left = tuple(check(source))
    for _ in range(MAX_PASSES):
        mendable = [d for d in left if _fix(d, source, unsafe)]
        for chosen in (_together(mendable, source, unsafe), *([d] for d in mendable)):
            after = _edited(source, (fix for d in chosen if (fix := _fix(d, source, unsafe))))
            found = tuple(check(after))
            if chosen and _severity(found) < _severity(left):
                source, left = after, found
                done += chosen
                break
        else:
            break
    return Mended(source, tuple(done), left)


def _fix(d: Diagnostic, source: Source, unsafe: bool) -> Fix | None:
    for fix in d.fixes:
        if (fix.safe or unsafe) and all(e.span.source is source for e in fix.edits):
            return fix
    return None


def _together(mendable: Iterable[Diagnostic], source: Source, unsafe: bool) -> list[Diagnostic]:
    """Those whose edits lie apart."""
    taken: list[Edit] = []
    chosen = []
    for d in mendable:
        fix = _fix(d, source, unsafe)
        if fix and not any(_meet(edit, other) for edit in fix.edits for other in taken):
            taken += fix.edits
            chosen.append(d)
    return chosen


def _meet(one: Edit, other: Edit) -> bool:
    return one.span.start <= other.span.end and other.span.start <= one.span.end


def _edited(source: Source, fixes: Iterable[Fix]) -> Source:
    """The text with its own line ends."""
    text, end = source.text, "\r\n" if "\r\n" in source.text else "\n"
    edits = {edit for fix in fixes for edit in fix.edits}
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        text = text[: edit.span.start] + edit.text.replace("\n", end) + text[edit.span.end :]
    return attrs.evolve(source, text=text)


def _severity(found: Iterable[Diagnostic]) -> tuple[int, ...]:
    """How many faults of the text, of names, of meaning, and warnings: each hides those behind.

    What is wrong with a text or a name also hides what comes after it in its statement, so that
    one further on is less.
    """
    stages: Counter[str] = Counter()
    ahead: Counter[str] = Counter()
    for d in found:
        stage = "W" if d.severity == "warning" else min(d.code[:3], "E03")
        stages[stage] += 1
        ahead[stage] += len(d.span.source.text) - d.span.start if d.span else 0
    texts, names = ((stages[stage], ahead[stage]) for stage in ("E01", "E02"))
    return *texts, *names, stages["E03"], stages["W"]
