"""Pipelines, merges, rules and limits of a graph: each is one such, and nothing besides.

What a user wrote reaches the text of a space only after it was read by itself, so that it can
neither end its statement nor begin another.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from autorecon.graph.dag.attributes import at
from autorecon.lang import Source, SpaceError, Span
from autorecon.lang.diagnostics.faults import Diagnostics
from autorecon.lang.syntax import tree as s
from autorecon.lang.syntax.parse import parse

_RECORDS = {"rule": s.Rule, "limit": s.Limit}


@attrs.define
class Texts:
    """Reads them, and reports what is wrong with them."""

    faults: Diagnostics
    _sound: set[str] = attrs.field(factory=set, init=False)  # pipelines

    def pipelines(self, texts: Iterable[str], place: str) -> None:
        for text in texts:
            if text not in self._sound and self._is_pipeline(text, place):
                self._sound.add(text)

    def expressions(self, texts: Iterable[str], place: str) -> None:
        for text in texts:
            statement = self._statement("let a = ", text, place)
            if statement and not isinstance(statement, s.Let):
                message = f"`{text}` is no expression"
                self.faults.report("E1001", message, at(place), 'write one as `"2*width"`')

    def merge(self, text: str, place: str) -> None:
        statement = self._statement("node a [1] merge ", text, place)
        if isinstance(statement, s.NodeDecl) and (not statement.merge or statement.then):
            help = "what it applies is its `then`"
            self.faults.report("E1001", f"`{text}` is no merge", at(place), help)

    def statements(self, texts: Iterable[str], word: str) -> None:
        """Rules or limits, by the word that each begins with."""
        for index, text in enumerate(texts):
            place = f"{word}s[{index}]"
            statement = self._statement("", text, place)
            if statement and not isinstance(statement, _RECORDS[word]):
                help = f"write it in full: `{word} ...`"
                self.faults.report("E1001", f"`{text}` is no {word}", at(place), help)

    def _is_pipeline(self, text: str, place: str) -> bool:
        statement = self._statement("link a -> b = ", text, place)
        if not isinstance(statement, s.EdgeStatement) or not statement.candidates:
            return False
        options = statement.candidates.options
        if len(options) == 1 and isinstance(options[0], s.PipelineExpr):
            return True
        help = "list candidates one by one"
        self.faults.report("E1001", f"`{text}` is not one pipeline", at(place), help)
        return False

    def _statement(self, head: str, text: str, place: str) -> s.Statement | None:
        """The one statement that a text is behind a head, which is not the user's."""
        above = f"space s\n{head}"
        try:
            file = parse(Source(above + text))
        except SpaceError as error:
            source = Source(text, places=(place,))
            for d in error.diagnostics:
                ends = (d.span.start, d.span.end) if d.span else (0, 0)
                start, end = (max(0, end - len(above)) for end in ends)
                span = Span(start, end, source)
                self.faults.report(d.code, d.message, span, d.help)
            return None
        if len(file.statements) == 1 and not file.comments:
            return file.statements[0]
        message = f"`{text}` has a comment, or says more than one thing"
        self.faults.report("E1001", message, at(place), "leave the comment out")
        return None
