"""Faults of a program: collected, then raised together."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

import attrs

from autorecon.lang.diagnostics.codes import CODES
from autorecon.lang.source import Span
from autorecon.lang.wording import plural, visible

# Nobody reads more, and a hint for each of a hundred thousand would take minutes.
MAX_FAULTS = 200
MAX_LINES = 8  # that one fault names
MAX_COMPARED = 2_000  # names that a misspelt one is compared with
_OF_VALUES = ("E0301", "E0303", "E0304", "E0305")  # what one instance of a block has, another not


@attrs.frozen
class Diagnostic:
    """One fault: a stable code of `codes.CODES`, where, what, and what to do about it."""

    code: str
    message: str
    span: Span | None = None
    help: str | None = None
    label: str = ""
    notes: tuple[tuple[str, Span | None], ...] = ()

    @property
    def severity(self) -> str:
        return "warning" if self.code.startswith("W") else "error"


def position(span: Span) -> tuple[int, int]:
    return span.source.position(span.start)


def concise(d: Diagnostic) -> str:
    """One line: `file:line:column: CODE message (help)`, or `edge a->b: CODE message (help)`."""
    help = f" ({d.help})" if d.help else ""
    place = "" if d.span is None else f"{d.span.source.place(d.span.start)}: "
    return visible(f"{place}{d.code} {d.message}{help}")


class SpaceError(ValueError):
    """A program that cannot be used; `diagnostics` says why, in the order of the text."""

    exit_code = 1

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        return "\n".join(concise(d) for d in self.diagnostics)


class Diagnostics:
    """The faults found so far. Only MAX_FAULTS of them stop the checker at once, else `finish`."""

    def __init__(self) -> None:
        self.found: list[Diagnostic] = []
        # The block instance that is carried out.
        self.instance: tuple[str, Span] | None = None
        self._places: set[tuple[str, Span, str, int]] = set()
        # Of names that are unknown: the fault that says so, and where else they stand.
        self._unknown: dict[tuple[str, str], tuple[int, list[Span]]] = {}

    def report(
        self,
        code: str,
        message: str,
        span: Span | None = None,
        help: str | None = None,
        label: str = "",
        notes: tuple[tuple[str, Span | None], ...] = (),
    ) -> None:
        assert code in CODES, code
        if span is not None:
            # A block's body is checked once an instance: one fault of the text is shown once.
            if self.holds(code, span, label):
                return
            self._places.add((code, span, label, id(span.source)))
        if self.instance and code in _OF_VALUES:
            name, place = self.instance
            notes = (*notes, (f"in `{name}`", place))
        self.found.append(Diagnostic(code, message, span, help, label, notes))
        if len(self.found) == MAX_FAULTS:
            message = f"{MAX_FAULTS} faults; what comes after them is not checked"
            self.found.append(Diagnostic("E0305", message, span, "mend these first"))
            raise SpaceError(self.in_order())

    def holds(self, code: str, span: Span, label: str = "") -> bool:
        """Whether this is reported already; hints for thousands of echoes would take minutes."""
        return (code, span, label, id(span.source)) in self._places

    def again(self, code: str, name: str, span: Span) -> bool:
        """Whether an unknown name is reported already, which then tells of this place as well.

        To be asked before the report is made: a misspelt declaration is one fault, however often
        its name is used.
        """
        if self.holds(code, span):
            return True
        known = (code, name) in self._unknown
        _, places = self._unknown.setdefault((code, name), (len(self.found), []))
        if known:
            places.append(span)
            self._places.add((code, span, "", id(span.source)))
        return known

    @property
    def failed(self) -> bool:
        return any(d.severity == "error" for d in self.found)

    def in_order(self) -> tuple[Diagnostic, ...]:
        """By place; the files in the order in which the first fault of each was found."""
        sources = {id(d.span.source): d for d in self.found if d.span}
        order = {source: index for index, source in enumerate(sources)}

        def place(d: Diagnostic) -> tuple[int, int]:
            return (order[id(d.span.source)], d.span.start) if d.span else (-1, -1)

        return tuple(sorted(self._with_places(), key=place))

    def _with_places(self) -> list[Diagnostic]:
        found = self.found.copy()
        for index, places in self._unknown.values():
            if places and index < len(found):
                note = _more_places(places), None
                found[index] = attrs.evolve(found[index], notes=(*found[index].notes, note))
        return found

    def finish(self) -> tuple[Diagnostic, ...]:
        """The warnings, when there is nothing worse; else raise SpaceError with everything."""
        if self.failed:
            raise SpaceError(self.in_order())
        return self.in_order()


def _more_places(spans: list[Span]) -> str:
    named = bool(spans[0].source.places)
    lines = dict.fromkeys(_line(span) for span in spans)
    shown = ", ".join([*lines][:MAX_LINES]) + ", ..." * (len(lines) > MAX_LINES)
    on = "at" if named else "on lines" if len(lines) > 1 else "on line"
    return f"and {plural(len(spans), 'more place')}, {on} {shown}"


def _line(span: Span) -> str:
    source = span.source
    return source.place(span.start) if source.places else str(source.position(span.start)[0])


def did_you_mean(name: str, known: Iterable[str], most: int = 12) -> str:
    """A help line: the nearest known names, or up to `most` of all."""
    names = sorted(set(known))
    close = get_close_matches(name, names[:MAX_COMPARED], n=3, cutoff=0.6)
    if close:
        return "did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
    if not names:
        return "none is declared here"
    shown = ", ".join(f"`{n}`" for n in names[:most])
    return f"known here: {shown}{', ...' if len(names) > most else ''}"
