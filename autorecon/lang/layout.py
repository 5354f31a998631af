"""Layout: which line ends close a statement, and which braces hold a block.

The grammar needs both decided before it sees a token. Deciding here, over the flat token list,
keeps the grammar LALR(1) and gives the parser a safe place to go on after a fault: the next
statement. Brackets that do not match are reported and mended here, so that the parser never loses
its place over one.
"""

from __future__ import annotations

import attrs
from lark import Token

STATEMENT_WORDS = frozenset(
    ["SPACE", "GENOTYPE", "LET", "EDGE", "OP", "BLOCK", "NODE", "INPUT", "OUTPUT"]
)
_NOT_IN_BLOCKS = STATEMENT_WORDS - {"LET", "NODE"}
_CLOSERS = {"LPAR": ("RPAR", ")"), "LSQB": ("RSQB", "]"), "LBRACE": ("RBRACE", "}")}
_OPENERS = {closer: opener for opener, (closer, _) in _CLOSERS.items()}
_LOOK_AHEAD = 40


@attrs.define
class Layout:
    """Tokens with statement ends only where a statement ends; always one before the end."""

    tokens: list[Token] = attrs.field(factory=list)
    # Brackets that do not match: the token, what is wrong, what to do.
    faults: list[tuple[Token, str, str]] = attrs.field(factory=list)
    # The statements, by how many `_NL` come before, in which a bracket was mended.
    mended: set[int] = attrs.field(factory=set)


def layout(tokens: list[Token]) -> Layout:
    first = _Pass(tokens)
    unclosed = first.run()
    if not unclosed:
        return first.result
    second = _Pass(tokens, unclosed)
    second.run()
    return second.result


@attrs.define
class _Pass:
    source: list[Token]
    # Blocks known to have no closing brace: they end before what cannot stand in a block.
    unclosed: frozenset[int] = frozenset()
    result: Layout = attrs.field(factory=Layout)
    statement: list[str] = attrs.field(factory=list)  # its token types
    ended: int = 0
    brackets: list[Token] = attrs.field(factory=list)  # open ones, in the statement
    blocks: list[Token] = attrs.field(factory=list)

    def run(self) -> frozenset[int]:
        """The positions of the blocks that are never closed."""
        for index, token in enumerate(self.source):
            if token.type != "_NL":
                if not self.statement and self._leaves_block(index):
                    self._give_up_block(token)
                self._add(token)
            elif self.statement and self._ends_statement(index):
                self._end(token)
        if self.statement:
            self._end(self.source[-1])
        unclosed = frozenset(block.start_pos or 0 for block in self.blocks)
        while self.blocks:
            self._give_up_block(self.source[-1])
        return unclosed

    def _add(self, token: Token) -> None:
        if token.type == "LBRACE" and self.statement[:1] == ["BLOCK"]:
            self._abandon_all(token)
            self.blocks.append(token)
            self._emit(token.update(type="_BLOCK_OPEN"))
            self.statement = []
        elif token.type == "RBRACE" and self._closes_block():
            # A block's last item needs no line of its own before the brace.
            self._end(token)
            self.blocks.pop()
            self._emit(token.update(type="_BLOCK_CLOSE"))
        elif token.type in _OPENERS:
            self._close(token)
        else:
            self.brackets += [token] * (token.type in _CLOSERS)
            self._emit(token)

    def _emit(self, token: Token) -> None:
        self.result.tokens.append(token)
        self.statement.append(token.type)

    def _insert(self, kind: str, value: str, place: Token) -> None:
        self._emit(Token.new_borrow_pos(kind, value, place))

    def _end(self, place: Token) -> None:
        self._abandon_all(place)
        self._insert("_NL", "\n", place)
        self.statement = []
        self.ended += 1

    def _closes_block(self) -> bool:
        return bool(self.blocks) and all(b.type != "LBRACE" for b in self.brackets)

    def _close(self, token: Token) -> None:
        opener = _OPENERS[token.type]
        if not self.brackets:
            return self._mend(token, f"`{token}` closes nothing", "remove it")
        if all(b.type != opener for b in self.brackets):
            kind, right = _CLOSERS[self.brackets[-1].type]
            self._mend(token, f"`{token}` does not close `{self.brackets[-1]}`", f"write `{right}`")
            token = token.update(type=kind, value=right)
        while self.brackets[-1].type != _OPENERS[token.type]:
            self._abandon(self.brackets.pop(), token)
        self.brackets.pop()
        return self._emit(token)

    def _abandon_all(self, place: Token) -> None:
        while self.brackets:
            self._abandon(self.brackets.pop(), place)

    def _abandon(self, opener: Token, place: Token) -> None:
        kind, closer = _CLOSERS[opener.type]
        self._mend(opener, f"`{opener}` is never closed", f"close it with `{closer}`")
        self._insert(kind, closer, place)

    def _mend(self, token: Token, message: str, help: str) -> None:
        self.result.mended.add(self.ended)
        self.result.faults.append((token, message, help))

    def _leaves_block(self, index: int) -> bool:
        if not self.blocks or self.blocks[-1].start_pos not in self.unclosed:
            return False
        types = [token.type for token in self.source[index : index + 2]]
        return types[0] in _NOT_IN_BLOCKS or types == ["NAME", "EQUAL"]

    def _give_up_block(self, place: Token) -> None:
        opener = self.blocks.pop()
        self.result.faults.append((opener, "the block is never closed", "close it with `}`"))
        self._insert("_BLOCK_CLOSE", "}", place)
        self._end(place)

    def _ends_statement(self, index: int) -> bool:
        following = self.source[index + 1 : index + _LOOK_AHEAD]
        types = [token.type for token in following if token.type != "_NL"][:2]
        if types and types[0] in ("VBAR", "__ANON_1"):
            return False
        if not types or not self.brackets:
            return True
        # A bracket that is never closed must not swallow the rest of the file: no line inside one
        # starts with a statement's keyword, nor with an edge's type and what follows it.
        return types[0] in STATEMENT_WORDS or types in (["NAME", "NAME"], ["NAME", "LBRACE"])
