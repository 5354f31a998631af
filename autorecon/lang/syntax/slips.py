"""What hands write that write Python or C, or other statements' words: it is told as such."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from autorecon.lang.diagnostics.edits import Edit, Fix
from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lang.source import Source, Span
from autorecon.lang.syntax.forms import FORMS
from autorecon.lang.syntax.tokens import Token

_ENDS = ("_NL", "$END")
_PROSE = re.compile(r"[ \t]*[^\W\d_]+[ \t]+[^\W\d_]+")  # words that nothing joins


def foreign_slip(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """The fault that explains a token which cannot stand where it does, if one is known."""
    return (
        _comment(token, before, source)
        or _doubled(token, before, source)
        or _comma(token, before, source)
        or _of_rule(token, before, source)
        or _apart(token, before, source)
        or _word(token, before, source)
        or _list(token, before, source)
    )


def _at(first: Token, last: Token, source: Source) -> Span:
    return Span(first.start_pos, last.end_pos, source)


def _comment(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """`//` or `/*` where no value is divided."""
    divided = before and before[-1] == "/" and before[-1].end_pos == token.start_pos
    if token != "/" or (divided and not _PROSE.match(source.text, token.end_pos)):
        return None
    start = before[-1].start_pos if divided else token.start_pos
    double = source.text.startswith("//", start)
    span = Span(start, start + 2 if double else token.end_pos, source)
    fixes = (Fix.of(span, "#", safe=True),) if double else ()
    help = "a comment begins with `#`"
    return Diagnostic("E0101", f"unexpected `{span.text}`", span, help, fixes=fixes)


def _doubled(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """`**` and `//` of Python."""
    if not before or token not in ("*", "/") or before[-1] != token:
        return None
    if before[-1].end_pos != token.start_pos:
        return None
    span = _at(before[-1], token, source)
    right, what = ("^", "") if token == "*" else ("/", ", which divides exactly")
    message, help = f"`{span.text}` is no operator here", f"write `{right}`{what}"
    return Diagnostic("E0101", message, span, help, fixes=(Fix.of(span, right, safe=True),))


def _comma(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """A comma after the sizes of a node, which lists names with it: `in a [8], out b [8]`."""
    if not before or before[0] not in ("node", "in", "out"):
        return None
    index = max((i for i, t in enumerate(before) if t == "," and before[i - 1] == "]"), default=0)
    if not index or len(before) - index > 2 or token in (",", "["):
        return None
    comma, following = before[index], [*before, token][index + 1]
    if following is not token and (token.type in _ENDS or token in (">>", "(")):
        span = _at(comma, comma, source)
        fixes = (Fix.of(span, " then", safe=True),)
        help = "what a node applies follows `then`"
        return Diagnostic("E0101", "a comma for `then`", span, help, fixes=fixes)
    at_end = following.type in _ENDS
    end = comma.end_pos if at_end else following.start_pos
    start = source.line_starts[source.position(comma.start_pos)[0] - 1]
    indent = re.compile(r"[ \t]*").match(source.text, start)
    text = "" if at_end else "\n" + (indent[0] if indent else "")
    span = _at(comma, comma, source)
    fixes = (Fix.of(Span(comma.start_pos, end, source), text, safe=True),)
    help = "remove it" if at_end else "a statement ends with its line: begin another here"
    return Diagnostic("E0101", "a comma behind a node's sizes", span, help, fixes=fixes)


def _of_rule(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """A comma behind a condition: `rule if a -> b = none, ...`."""
    if token != "," or before[:2] != ["rule", "if"] or "then" in before:
        return None
    span = _at(token, token, source)
    fixes = tuple(Fix.of(span, text) for text in (" then", " and"))
    help = "write `then` before what follows, and `and` between conditions"
    return Diagnostic("E0101", "a comma in a rule", span, help, fixes=fixes)


def _apart(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """`choice width = 32 | 64 apart`."""
    if token != "apart" or before[:1] != ["choice"] or "=" not in before:
        return None
    equals = next(one for one in before if one == "=")
    here, there = (Span(at, at, source) for at in (equals.start_pos, before[-1].end_pos))
    away = Edit(Span(there.start, token.end_pos, source), "")
    fix = Fix((Edit(here, "apart "), away), safe=True)
    help = "it stands before the sizes: `choice width apart = 32 | 64`"
    span = _at(token, token, source)
    return Diagnostic("E0101", "`apart` behind the sizes", span, help, fixes=(fix,))


def _word(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """`Node a [8]`, `ouput image [3]`, `Choice width = 8 | 16`."""
    if len(before) < 2 or before[0].type != "NAME" or before[1].type != "NAME":
        return None
    if {"->", "."} & {*before, token} or "=" in before:
        return None
    word, span = before[0], _at(before[0], before[0], source)
    words = [first for first in FORMS if token != "=" or " = " in FORMS[first].partition("(")[0]]
    known = word.lower() in words
    near = [word.lower()] if known else get_close_matches(word, words, n=1, cutoff=0.75)
    if not near:
        return None
    fixes = (Fix.of(span, near[0], safe=known),)
    return Diagnostic(
        "E0101", f"no statement begins with `{word}`", span, f"write `{near[0]}`", fixes=fixes
    )


def _list(token: Token, before: Sequence[Token], source: Source) -> Diagnostic | None:
    """`let a = {8, 4}`, `let a = (8, 4)`."""
    if before[:1] != ["let"] or "=" not in before:
        return None
    if token == "{" or (token == "," and "(" in before and "[" not in before):
        help = "write `[8, 4]` for a list of values"
        return Diagnostic("E0101", f"unexpected `{token}`", _at(token, token, source), help)
    return None
