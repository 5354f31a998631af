"""Layout: which line ends close a statement, and which braces hold a block.

The grammar needs both decided before it sees a token. Deciding here, over the flat token list,
keeps the grammar LALR(1) and gives the parser a safe place to go on after a fault: the next
statement.
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

STATEMENT_WORDS = frozenset(
    ["SPACE", "GENOTYPE", "LET", "EDGE", "OP", "BLOCK", "NODE", "INPUT", "OUTPUT"]
)
_OPEN = {"LPAR": "RPAR", "LSQB": "RSQB", "LBRACE": "RBRACE"}
_CONTINUES_BEFORE = frozenset(["VBAR", "__ANON_1"])


def layout(tokens: list[Token]) -> Iterator[Token]:
    """The tokens with statement ends only where a statement ends; always one before the end."""
    expected: list[str] = []  # closing brackets that are still to come
    line: list[str] = []  # token types since the last statement end
    last: Token | None = None
    for index, token in enumerate(tokens):
        if token.type == "_NL":
            if _ends_statement(tokens, index, expected):
                expected = [e for e in expected if e == "_BLOCK_CLOSE"]
                line = []
                yield token
            continue
        if token.type == "LBRACE" and line[:1] == ["BLOCK"] and not _in_brackets(expected):
            token = token.update(type="_BLOCK_OPEN")
            expected.append("_BLOCK_CLOSE")
            line = []
        elif token.type == "RBRACE" and expected[-1:] == ["_BLOCK_CLOSE"]:
            # A block's last item needs no line of its own before the brace.
            yield Token.new_borrow_pos("_NL", "", token)
            token = token.update(type="_BLOCK_CLOSE")
            expected.pop()
        elif token.type in _OPEN:
            expected.append(_OPEN[token.type])
        elif expected[-1:] == [token.type]:
            expected.pop()
        if token.type != "_BLOCK_OPEN":
            line.append(token.type)
        last = token
        yield token
    if last is not None:
        yield Token.new_borrow_pos("_NL", "", last)


def _in_brackets(expected: list[str]) -> bool:
    return bool(expected) and expected[-1] != "_BLOCK_CLOSE"


def _ends_statement(tokens: list[Token], index: int, expected: list[str]) -> bool:
    following = [t for t in tokens[index + 1 : index + 40] if t.type != "_NL"][:2]
    if not following:
        return True
    if following[0].value in ("|", ">>"):
        return False
    if not _in_brackets(expected):
        return True
    # A bracket that was never closed must not swallow the rest of the file: no argument list
    # has a line that starts with a statement's keyword.
    return following[0].type in STATEMENT_WORDS
