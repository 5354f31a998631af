"""What to say of a token that cannot stand where it does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence

from autorecon.lang.diagnostics.edits import Fix
from autorecon.lang.diagnostics.faults import Diagnostic
from autorecon.lang.source import Source, Span
from autorecon.lang.syntax.forms import FORMS as FORMS
from autorecon.lang.syntax.slips import foreign_slip
from autorecon.lang.syntax.tables import tables
from autorecon.lang.syntax.tokens import Token

MAX_EXPECTED = 8  # more say nothing

_NAMES = {
    "NAME": "a name",
    "NUMBER": "a number",
    "AMOUNT": "a number",
    "_AT": "`at`",
    "BOUND": "`most` or `least`",
    "EXACTLY": "`exactly`",
    "TOUCHING": "`into` or `from`",
    "STRING": "a quoted file name",
    "_NL": "the end of the line",
    "$END": "the end of the file",
    "_BLOCK_OPEN": "`{`",
    "_BLOCK_CLOSE": "`}`",
}
_OPERATORS = frozenset(
    ["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or", "if"]
)
_CHARACTERS = {
    '"': "close the text with another on the same line",
    "'": 'write file names as "FILE"',
    ";": "a statement ends with its line",
}
# Signs of a word processor, and what is on the keyboard instead.
_PLAIN = {
    "\u2192": "->",
    "\u27f6": "->",
    "\u226b": ">>",
    "\u00bb": ">>",
    "\u2212": "-",
    "\u2013": "-",
    "\u2014": "-",
    "\u00d7": "*",
    "\u00b7": "*",
    "\u00f7": "/",
    "\u2264": "<=",
    "\u2265": ">=",
    "\u2260": "!=",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2026": "..",
}
_ANOTHER_NAME = "; choose another name"
_EDGE = "TYPE SOURCE -> TARGET = CANDIDATE | CANDIDATE"
# Those that begin with a name, by what stands behind it; else they are edges.
_BEHIND_NAMES = {
    "=": "NAME = BLOCK(ARGUMENTS) after NAME",
    "->": "SOURCE -> TARGET = PIPELINE",
    ".": "SOURCE -> TARGET = PIPELINE",
}
_OTHER_SIGNS = "`>>` joins operations, `|` separates candidates"
# Slips of hands that write other languages: what they write where something else can stand.
_SLIPS = {
    ("=", "=="): "`==` compares",
    (",", "->"): "several nodes are a set: `{a, b} -> c`",
    (",", ">>"): _OTHER_SIGNS,
    ("+", ">>"): _OTHER_SIGNS,
    ("or", ">>"): _OTHER_SIGNS,
    ("(", "^"): "a value has no arguments",
}


def unexpected(
    token: Token, before: Sequence[Token], accepted: Collection[str], source: Source
) -> tuple[Diagnostic, str | None]:
    """What is wrong, and of a word that is no name the word; `before` are the tokens of the
    statement so far, and `accepted` the terminals that could follow them."""
    span = Span(token.start_pos, token.end_pos, source)
    if token.type == "BAD":
        return _bad(span)
    if slip := foreign_slip(token, before, source):
        return slip, None
    at_end = token.type in ("_NL", "$END")
    found = _NAMES[token.type].removeprefix("the ") if at_end else f"`{token}`"
    help, name = _help(token, before, accepted), None
    if help.endswith(_ANOTHER_NAME):
        name = str(token)
    return Diagnostic("E0101", f"unexpected {found}", span, help), name


def _bad(span: Span) -> tuple[Diagnostic, str | None]:
    """A character without a meaning."""
    character, source = span.text, span.source
    if character.isalnum():
        word = _word(span)
        help = "names have the letters a to z and A to Z, digits and `_`"
        message = f"`{word.text}` has letters outside of ASCII"
        plain = unicodedata.normalize("NFKD", word.text.replace("\u00df", "ss"))
        name = plain.encode("ascii", "ignore").decode()
        fixes = (Fix.of(word, name),) if name.isidentifier() else ()
        return Diagnostic("E0102", message, word, help, fixes=fixes), word.text
    message = f"unexpected character {character!r}"
    if character.isspace():
        help, right = "write a plain blank", " "
        message = f"a blank of another kind, U+{ord(character):04X}"
    elif right := _PLAIN.get(character, ""):
        ends = re.compile(r"\s*>").match(source.text, span.end) if right == "-" else None
        if ends:
            span, right = Span(span.start, ends.end(), source), "->"
        help = f"write `{right}`"
    else:
        return Diagnostic("E0102", message, span, _CHARACTERS.get(character, "remove it")), None
    return Diagnostic("E0102", message, span, help, fixes=(Fix.of(span, right, True),)), None


def _word(span: Span) -> Span:
    """All of the word in which a character stands."""
    text, start, end = span.source.text, span.start, span.end
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    while end < len(text) and (text[end].isalnum() or text[end] == "_"):
        end += 1
    return Span(start, end, span.source)


def _help(token: Token, before: Sequence[Token], accepted: Collection[str]) -> str:
    if token in FORMS and not before:
        return f"`{token}` cannot stand in here; write it before or behind"
    if token in FORMS and "_NL" in accepted:
        return "a statement ends with its line"
    texts = {tables().terminals.get(name, "") for name in accepted}
    slips = (help for (wrong, right), help in _SLIPS.items() if token == wrong and right in texts)
    slip = next(slips, None)
    if slip:
        return slip
    if "NAME" in accepted and len(accepted) < 3 and token.isidentifier():
        return f"`{token}` is a word of the language{_ANOTHER_NAME}"
    form = f"write `{_form(before)}`" if before else "no statement begins so"
    operators = _OPERATORS & texts
    # What is a text is an argument of a user's own operation: few mean that.
    told = set(accepted) - ({"STRING"} if "NUMBER" in accepted else set())
    expected = {_describe(name) for name in told}
    if len(operators) > 2:  # a limit has two
        expected = expected - {f"`{sign}`" for sign in operators} | {"an operator"}
    if not 0 < len(expected) <= MAX_EXPECTED:
        return form
    *first, last = sorted(expected)
    listed = f"{', '.join(first)} or {last}" if first else last
    return f"expected {listed}; {form}"


def _form(before: Sequence[Token]) -> str:
    behind = before[1] if before[1:] else ""
    return FORMS.get(before[0]) or _BEHIND_NAMES.get(behind, _EDGE)


def _describe(terminal: str) -> str:
    if terminal in _NAMES:
        return _NAMES[terminal]
    text = tables().terminals[terminal]
    return f"`{text}`" if text else terminal
