"""Diagnostics as text: full with excerpts, concise, JSON, and GitHub annotations."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostic, position
from autorecon.lang.diagnostics.faults import concise as concise
from autorecon.lang.source import Span
from autorecon.lang.wording import visible

MAX_EXCERPT = 160  # columns of a source line that are shown


def _plain(text: str, style: str) -> str:
    return text


def full(d: Diagnostic, paint: Callable[[str, str], str] = _plain) -> str:
    """A headline, the source line with a caret under the fault, notes and a help line.

    `paint(text, style)` may add colour; styles are "error", "warning", "help" and "dim".
    """
    lines = [f"{paint(f'{d.severity}[{d.code}]', d.severity)}: {visible(d.message)}"]
    width = len(_number(d.span)) if d.span else 1
    if d.span:
        lines += _excerpt(d.span, d.label, width, lambda t: paint(t, d.severity), paint)
    for text, span in d.notes:
        lines.append(f"{' ' * width} {paint('=', 'dim')} note: {visible(text)}")
        if span:
            lines += _excerpt(span, "", width, lambda t: paint(t, "help"), paint)
    if d.help:
        lines.append(
            f"{' ' * width} {paint('=', 'dim')} {paint('help', 'help')}: {visible(d.help)}"
        )
    return "\n".join(lines)


def _number(span: Span) -> str:
    """That of its line, where anybody knows it."""
    return " " if span.source.places else str(position(span)[0])


def _excerpt(
    span: Span,
    label: str,
    width: int,
    mark: Callable[[str], str],
    paint: Callable[[str, str], str],
) -> list[str]:
    line, column = position(span)
    text = visible(span.source.line(line).replace("\t", " "), lines=False)
    length = max(1, min(span.end, span.start - column + 1 + len(text)) - span.start)
    offset = max(0, column - 1 - MAX_EXCERPT // 2)
    shown = text[offset : offset + MAX_EXCERPT]
    length = min(length, max(1, len(shown) - (column - 1 - offset)))
    caret = " " * (column - 1 - offset) + mark(
        "^" * length + (f" {visible(label)}" if label else "")
    )
    bar, gutter = paint("|", "dim"), " " * width
    head = f"{gutter}{paint('-->', 'dim')} {visible(span.source.place(span.start))}"
    if span.source.places and not text:
        return [head]
    return [
        head,
        f"{gutter} {bar}",
        f"{paint(_number(span).rjust(width), 'dim')} {bar} {shown}",
        f"{gutter} {bar} {caret}",
    ]


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON array of objects."""
    return json.dumps(records(diagnostics), indent=2)


def records(diagnostics: Iterable[Diagnostic]) -> list[dict]:
    """As JSON values; lines and columns count from 1, the end is exclusive."""
    return [_record(d) for d in diagnostics]


def _record(d: Diagnostic) -> dict:
    record: dict = {"code": d.code, "severity": d.severity, "message": d.message, "help": d.help}
    if d.span:
        record |= _where(d.span)
    record["notes"] = [text for text, _ in d.notes]
    if d.fixes:
        record["fixes"] = [_fix(fix) for fix in d.fixes]
    return record


def _fix(fix: Fix) -> dict:
    edits = [_where(edit.span) | {"text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _where(span: Span) -> dict:
    if span.source.places:
        return {"place": span.source.place(span.start)}
    line, column = position(span)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def github(d: Diagnostic) -> str:
    """A workflow command that puts the fault beside the line in a pull request."""
    message = _escaped(visible(f"{d.message} ({d.help})" if d.help else d.message), "%\r\n")
    if d.span is None:
        return f"::{d.severity} title={d.code}::{message}"
    line, column = position(d.span)
    file = _escaped(d.span.source.name, "%\r\n:,")
    return f"::{d.severity} file={file},line={line},col={column},title={d.code}::{message}"


def _escaped(text: str, special: str) -> str:
    """The text with the characters that end a command or its properties as %XX."""
    return "".join(f"%{ord(c):02X}" if c in special else c for c in text)
