"""What to say of a token that cannot stand where it does."""

from __future__ import annotations

from collections.abc import Collection, Sequence

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
    ["+", "-", "*", "/", "%", "^", "==", "!=", "<", "<=", ">", ">=", "and", "or"]
)
_CHARACTERS = {
    '"': "close the file name with another on the same line",
    "'": 'write file names as "FILE"',
    ";": "a statement ends with its line",
    "\u2192": "write `->`",
}
# What each statement looks like, by its first word.
FORMS = {
    "space": "space NAME(PARAMETER = DEFAULT, ...)",
    "genotype": 'genotype NAME of "FILE"(PARAMETER = VALUE, ...)',
    "use": 'use "FILE"',
    "let": "let NAME = EXPRESSION",
    "edge": "edge NAME CONTRACT = CANDIDATE | CANDIDATE",
    "op": "op NAME(PARAMETERS) = PIPELINE",
    "block": "block NAME(PARAMETERS) { ... }",
    "node": "node NAME, NAME [SIZES] merge KIND then PIPELINE",
    "in": "in NAME [SIZES] merge KIND then PIPELINE",
    "out": "out NAME [SIZES] merge KIND then PIPELINE",
    "input": "input NAME [SIZES]: noise`, or `input NAME: label(CLASSES)",
    "output": "output NAME [SIZES] merge KIND then PIPELINE",
    "optional": "optional TYPE SOURCE -> TARGET = CANDIDATE | CANDIDATE",
    "choice": "choice NAME = PIPELINE | PIPELINE",
    "share": "share choice EDGE, EDGE`, or `share weights EDGE, EDGE",
    "for": "for NAME in FIRST..LAST { ... }",
    "if": "if CONDITION { ... } else { ... }",
    "limit": "limit MEASURE <= VALUE",
    "rule": "rule at most NUMBER CANDIDATE into NODE",
}
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
    ("(", "^"): "a value has no arguments: there are operators, and no functions",
}


def unexpected(
    token: Token, before: Sequence[Token], accepted: Collection[str]
) -> tuple[str, str, str]:
    """Code, message and help; `before` are the tokens of the statement so far, and `accepted` the
    terminals that could follow them."""
    if token.type == "BAD":
        message = f"unexpected character {str(token)!r}"
        return "E0102", message, _CHARACTERS.get(token, "remove it")
    at_end = token.type in ("_NL", "$END")
    found = _NAMES[token.type].removeprefix("the ") if at_end else f"`{token}`"
    return "E0101", f"unexpected {found}", _help(token, before, accepted)


def _help(token: Token, before: Sequence[Token], accepted: Collection[str]) -> str:
    if token == "/" and (not before or before[-1].end_pos < token.start_pos):
        return "a comment begins with `#`"
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
        return f"`{token}` is a word of the language; choose another name"
    form = f"write `{_form(before)}`" if before else "no statement begins so"
    operators = _OPERATORS & texts
    expected = {_describe(name) for name in accepted}
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
