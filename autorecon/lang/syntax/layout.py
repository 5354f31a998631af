"""Layout: which line ends close a statement, and which braces hold a block.

The grammar needs both decided before it sees a token. Deciding here, over the flat token list,
keeps the grammar LALR(1) and gives the parser a safe place to go on after a fault: the next
statement. Brackets that do not match are reported and mended here, so that the parser never loses
its place over one.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import dropwhile

import attrs

from autorecon.lang.syntax.tokens import Token

_IN_BLOCKS = frozenset(["LET", "NODE", "CHOICE", "SHARE", "FOR", "IF", "OPTIONAL", "RULE"])
_NOT_IN_BLOCKS = frozenset(
    ["SPACE", "GENOTYPE", "USE", "EDGE", "OP", "BLOCK", "INPUT", "OUTPUT", "LIMIT"]
)
STATEMENT_WORDS = _IN_BLOCKS | _NOT_IN_BLOCKS
# Statements that may stand in the body of a `for` or `if` outside blocks.
_IN_BODIES = frozenset(["INPUT", "OUTPUT", "LIMIT"])
_WITH_BODY = ("BLOCK", "FOR", "IF", "_BLOCK_CLOSE")
_CLOSERS = {"LPAR": ("RPAR", ")"), "LSQB": ("RSQB", "]"), "LBRACE": ("RBRACE", "}")}
# The line before does not end.
_CONTINUED = ("VBAR", "_INTO", "MINUS", "AMPERSAND", "ELSE", "AND", "OR", "THEN")
_OPENERS = {closer: opener for opener, (closer, _) in _CLOSERS.items()}
# Words of a rule, by how many words of what it claims come before; elsewhere they are names.
_RULE_WORDS = {
    0: {"at": "_AT", "exactly": "EXACTLY"},
    1: {"most": "BOUND", "least": "BOUND"},
}
_BEFORE_CLAIMS = ("RULE", "IF", "AND", "THEN")
_TOUCHING = ("into", "from")
_LOOK_AHEAD = 40
_JOINING = ("VBAR", "_INTO")  # a line may begin with them, and not end
_BEHIND_OPERATIONS = ("LPAR", "VBAR", "_INTO", "_NL")
Edits = tuple[tuple[int, int, str], ...]  # offsets, and another text for what is between
_PASSES = 4  # one for a file without faults, two or three for one with a brace too few or many


@attrs.define
class Layout:
    """Tokens with statement ends only where a statement ends; always one before the end."""

    tokens: list[Token] = attrs.field(factory=list)
    # Brackets that do not match, signs at the end of a line: the token, what is wrong, what to do,
    # and the edits that do it.
    faults: list[tuple[Token, str, str, Edits]] = attrs.field(factory=list)
    # The statements, by how many `_NL` come before, in which one was mended.
    mended: set[int] = attrs.field(factory=set)


def layout(tokens: list[Token]) -> Layout:
    known: frozenset[int] = frozenset()
    for _ in range(_PASSES):
        attempt = _Pass(tokens, known)
        attempt.run()
        if attempt.learned <= known:
            break
        known |= attempt.learned
    return attempt.result


@attrs.define
class _Pass:
    source: list[Token]
    # What the pass before found out about brackets, by position: those that are never closed (a
    # block then ends before what cannot stand in one), and braces that cannot be a block's end.
    known: frozenset[int]
    learned: set[int] = attrs.field(factory=set)
    result: Layout = attrs.field(factory=Layout)
    statement: list[str] = attrs.field(factory=list)  # its token types
    claim: int = 0  # of a rule: where in the statement what it claims begins
    ended: int = 0
    brackets: list[Token] = attrs.field(factory=list)  # open ones, in the statement
    # Open bodies: the brace, and whether it is a block template's.
    blocks: list[tuple[Token, bool]] = attrs.field(factory=list)
    templates: int = 0
    # Braces that closed a block at the end of a line with an item.
    inline: list[int] = attrs.field(factory=list)
    # Braces that a fault before them leaves without an opening one.
    owed: int = 0

    def run(self) -> None:
        for index, token in enumerate(self.source):
            if token.type != "_NL":
                if not self.statement and self._leaves_block(index):
                    self._give_up_block(token)
                self._add(token, index)
            elif self.statement and self._ends_statement(index):
                self._end(token)
        if self.statement:
            self._end(self.source[-1])
        self.learned.update(brace.start_pos for brace, _ in self.blocks)
        while self.blocks:
            self._give_up_block(self.source[-1])

    def _add(self, token: Token, index: int) -> None:
        if token.type == "LBRACE" and self._opens_body():
            self._abandon_all(token)
            self.templates += self.statement[0] == "BLOCK"
            self.blocks.append((token, self.statement[0] == "BLOCK"))
            self._emit(token.update(type="_BLOCK_OPEN"))
            self.statement = []
        elif token.type == "RBRACE" and self._closes_block(index):
            # A block's last item needs no line of its own before the brace.
            self.inline += [token.start_pos] * bool(self.statement)
            self._end(token)
            self.templates -= self.blocks.pop()[1]
            self._emit(token.update(type="_BLOCK_CLOSE"))
        elif token.type in _OPENERS:
            self._close(token, index)
        else:
            self.brackets += [token] * (token.type in _CLOSERS)
            self._emit(token)

    def _opens_body(self) -> bool:
        """After `} else` the statement is that of the brace before."""
        return self.statement[:1] != [] and self.statement[0] in _WITH_BODY

    def _emit(self, token: Token) -> None:
        if self.statement[:1] == ["RULE"] and token.type == "NAME":
            token = token.update(type=self._rule_word(token))
        elif token.type == "AMOUNT" and self.statement[:1] != ["LIMIT"]:
            help = "write out the number; units are for `limit`"
            self._mend(token, f"`{token}` has a unit", help)
        self.result.tokens.append(token)
        self.statement.append(token.type)
        if token.type in _BEFORE_CLAIMS and not self.brackets:
            self.claim = len(self.statement)

    def _rule_word(self, token: Token) -> str:
        """The type of a word of a rule. What it is about goes before `into`, a place behind."""
        words = self.statement[self.claim :]
        least = {"_AT": 4, "EXACTLY": 3}.get(words[0], 0) if words else 0
        behind = 0 < least <= len(words) and not self.brackets
        if token in _TOUCHING and behind and not {"TOUCHING", "IN"} & set(words):
            return "TOUCHING"
        return _RULE_WORDS.get(len(words), {}).get(token, "NAME")

    def _insert(self, kind: str, value: str, place: Token) -> None:
        self._emit(Token.at(place, kind, value))

    def _end(self, place: Token) -> None:
        self._abandon_all(place)
        self.owed += self.statement[:1] in (["BLOCK"], ["FOR"], ["IF"])
        self._insert("_NL", "\n", place)
        self.statement = []
        self.ended += 1

    def _closes_block(self, index: int) -> bool:
        if not self.blocks or any(b.type == "LBRACE" for b in self.brackets):
            return False
        if not self.statement:
            return True
        # Amid a statement it is a node set's whose opening brace is missing.
        following = [token.type for token in self.source[index + 1 : index + 2]]
        at_end = following in ([], ["_NL"], ["RBRACE"], ["ELSE"])
        return at_end and self.source[index].start_pos not in self.known

    def _close(self, token: Token, index: int) -> None:
        opener = _OPENERS[token.type]
        if not self.brackets:
            return self._close_nothing(token)
        following = [t.type for t in self.source[index + 1 : index + 2]]
        if following == [_CLOSERS[self.brackets[-1].type][0]] != [token.type]:
            return self._mend(token, f"`{token}` closes nothing", "remove it")
        if all(b.type != opener for b in self.brackets):
            kind, right = _CLOSERS[self.brackets[-1].type]
            self._mend(token, f"`{token}` does not close `{self.brackets[-1]}`", f"write `{right}`")
            token = token.update(type=kind, value=right)
        while self.brackets[-1].type != _OPENERS[token.type]:
            self._abandon(self.brackets.pop(), token)
        self.brackets.pop()
        return self._emit(token)

    def _close_nothing(self, token: Token) -> None:
        if token.type == "RBRACE" and not self.statement and self.inline:
            self.learned.add(self.inline.pop())
        if token.type == "RBRACE" and self.owed:
            self.owed -= 1
            return
        self._mend(token, f"`{token}` closes nothing", "remove it")

    def _abandon_all(self, place: Token) -> None:
        while self.brackets:
            self._abandon(self.brackets.pop(), place)

    def _abandon(self, opener: Token, place: Token) -> None:
        kind, closer = _CLOSERS[opener.type]
        self.learned.add(opener.start_pos)
        self.owed += opener.type == "LBRACE"
        self._mend(opener, f"`{opener}` is never closed", f"close it with `{closer}`")
        self._insert(kind, closer, place)

    def _mend(self, token: Token, message: str, help: str, edits: Edits = ()) -> None:
        self.result.mended.add(self.ended)
        self.result.faults.append((token, message, help, edits))

    def _leaves_block(self, index: int) -> bool:
        if not self.blocks or self.blocks[-1][0].start_pos not in self.known:
            return False
        types = [token.type for token in self.source[index : index + 2]]
        if not self.templates:
            return types[0] in _NOT_IN_BLOCKS - _IN_BODIES
        return types[0] in _NOT_IN_BLOCKS or types == ["NAME", "EQUAL"]

    def _give_up_block(self, place: Token) -> None:
        opener, template = self.blocks.pop()
        self.templates -= template
        self.result.faults.append((opener, "the block is never closed", "close it with `}`", ()))
        self._insert("_BLOCK_CLOSE", "}", place)
        self._end(place)

    def _ends_statement(self, index: int) -> bool:
        following = self.source[index + 1 : index + _LOOK_AHEAD]
        types = [token.type for token in following if token.type != "_NL"][:2]
        if types and types[0] in _CONTINUED:
            return False
        if self.statement[-1] in _JOINING and not self.brackets and _goes_on(following):
            self._carry_over(next(token for token in following if token.type != "_NL"))
            return False
        if not types or not self.brackets:
            return True
        # A bracket that is never closed must not swallow the rest of the file: no line inside one
        # starts with a statement's keyword. Nor with what an edge starts with, but for a forgotten
        # comma: that counts when the bracket has no end, or its end may be the block's.
        edge = types in (["NAME", "NAME"], ["NAME", "LBRACE"])
        endless = self.brackets[0].start_pos in self.known
        in_block = bool(self.blocks) and any(b.type == "LBRACE" for b in self.brackets)
        return types[0] in STATEMENT_WORDS or (edge and (endless or in_block))

    def _carry_over(self, following: Token) -> None:
        """Put the sign at the end of a line at the beginning of the next."""
        before, sign = self.result.tokens[-2:]
        edits = (
            (before.end_pos, sign.end_pos, ""),
            (following.start_pos, following.start_pos, f"{sign} "),
        )
        help = f"write `{sign}` at the beginning of the next line"
        self._mend(sign, f"a line that ends with `{sign}`", help, edits)


def _goes_on(following: Sequence[Token]) -> bool:
    """Whether the next line may be what is missing behind a sign, and is no statement."""
    types = [token.type for token in dropwhile(lambda token: token.type == "_NL", following)]
    return types[:1] == ["NAME"] and [*types[1:2], "_NL"][0] in _BEHIND_OPERATIONS
