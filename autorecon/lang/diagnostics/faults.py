"""Faults of a program: collected, then raised together."""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from autorecon.lang.diagnostics.codes import CODES
from autorecon.lang.diagnostics.edits import Edit, Fix, nearest, spelt
from autorecon.lang.source import Span
from autorecon.lang.wording import plural, visible

# Nobody reads more, and a hint for each of a hundred thousand would take minutes.
MAX_FAULTS = 200
MAX_LINES = 8  # that one fault names
_OF_VALUES = ("E0301", "E0303", "E0304", "E0305")  # what one instance of a block has, another not


@attrs.frozen
class Diagnostic:
    """One fault: a stable code of `codes.CODES`, where, what, and what to do about it.

    `fixes` do what `help` says, where that is a replacement: each of them another way.
    """

    code: str
    message: str
    span: Span | None = None
    help: str | None = None
    label: str = ""
    notes: tuple[tuple[str, Span | None], ...] = ()
    fixes: tuple[Fix, ...] = ()

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
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        if self.instance and code in _OF_VALUES:
            name, place = self.instance
            notes = (*notes, (f"in `{name}`", place))
        self.add(Diagnostic(code, message, span, help, label, notes, fixes))

    def add(self, d: Diagnostic) -> None:
        """A block's body is checked once an instance: one fault of the text is shown once."""
        assert d.code in CODES, d.code
        if d.span is not None:
            if self.holds(d.code, d.span, d.label):
                return
            self._places.add((d.code, d.span, d.label, id(d.span.source)))
        self.found.append(d)
        if len(self.found) == MAX_FAULTS:
            message = f"{MAX_FAULTS} faults; what comes after them is not checked"
            self.found.append(Diagnostic("E0305", message, d.span, "mend these first"))
            raise SpaceError(self.in_order())

    def unknown(
        self, code: str, message: str, span: Span, name: str, known: Iterable[str], most: int = 12
    ) -> None:
        """Report a name that is none of those known here, with those that may have been meant."""
        names = [*known]
        help, fixes = did_you_mean(name, names, most), spelt(span, name, names)
        self.report(code, message, span, help, fixes=fixes)

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

    def declared_below(self, code: str, name: str, span: Span) -> None:
        """Say of an unknown name that it is declared too late, if it was used above."""
        index, _ = self._unknown.get((code, name), (None, []))
        if index is not None:
            note = f"`{name}` is declared here", span
            help = "declare it above"
            self.found[index] = attrs.evolve(self.found[index], help=help, notes=(note,), fixes=())

    def knows(self, code: str, name: str) -> bool:
        """Whether this name is reported already."""
        return (code, name) in self._unknown

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
                found[index] = _also_at(found[index], places)
        return found

    def finish(self) -> tuple[Diagnostic, ...]:
        """The warnings, when there is nothing worse; else raise SpaceError with everything."""
        if self.failed:
            raise SpaceError(self.in_order())
        return self.in_order()


def _also_at(d: Diagnostic, places: list[Span]) -> Diagnostic:
    """The same fault in more places, which its fixes mend as well."""
    assert d.span
    alike = [span for span in places if span.source is d.span.source and span.text == d.span.text]
    fixes = (
        attrs.evolve(fix, edits=(*fix.edits, *(Edit(span, fix.edits[0].text) for span in alike)))
        for fix in d.fixes
    )
    return attrs.evolve(d, notes=(*d.notes, (_more_places(places), None)), fixes=tuple(fixes))


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
    close = nearest(name, names)
    if close:
        return "did you mean " + " or ".join(f"`{c}`" for c in close) + "?"
    if not names:
        return "none is declared here"
    shown = ", ".join(f"`{n}`" for n in names[:most])
    return f"known here: {shown}{', ...' if len(names) > most else ''}"
