"""The LALR(1) automaton: feeds tokens to the grammar's tables and builds the tree."""

from __future__ import annotations

from autorecon.lang.syntax.table_format import EXPAND, KEEP, LEAVE_OUT
from autorecon.lang.syntax.tables import tables
from autorecon.lang.syntax.tokens import Token

Saved = tuple[list, list]


class Tree:
    """What a rule matched: its name, its parts, and where the first begins and the last ends."""

    __slots__ = ("children", "data", "end_pos", "start_pos")

    def __init__(
        self, data: str, children: list, start_pos: int | None = None, end_pos: int | None = None
    ) -> None:
        self.data, self.children = data, children
        self.start_pos, self.end_pos = start_pos, end_pos


class Unexpected(Exception):
    """A token that cannot stand here."""


class Parser:
    """Takes one token after the other; Unexpected leaves it as it was before the last shift."""

    def __init__(self) -> None:
        self._tables = tables()
        self._states = [self._tables.start]
        self._values: list = []

    def save(self) -> Saved:
        """What to go back to. Whatever follows, a list of statements grows first: if that were left
        to what follows, going back would not undo it."""
        while len(forced := set(self._tables.actions[self._states[-1]].values())) == 1:
            action = forced.pop()
            if action >= 0:
                break
            self._reduce(~action)
        return self._states.copy(), self._values.copy()

    def restore(self, saved: Saved) -> None:
        self._states, self._values = saved[0].copy(), saved[1].copy()

    def feed(self, token: Token) -> None:
        """Take the next token; raises Unexpected."""
        actions, rules = self._tables.actions, self._tables.rules
        states, kind = self._states, token.type
        while True:
            action = actions[states[-1]].get(kind)
            if action is None:
                raise Unexpected
            if action >= 0:
                states.append(action)
                self._values.append(token)
                return
            origin, _, kept, alone = rules[~action]
            if alone and len(kept) == 1 and kept[0] == KEEP:
                # Most rules that match are steps between precedences: the value is the same.
                states[-1] = actions[states[-2]][origin]
            else:
                self._reduce(~action)

    def finish(self) -> list:
        """The parts of the whole text; raises Unexpected."""
        while self._states[-1] != self._tables.end:
            action = self._tables.actions[self._states[-1]].get("$END")
            if action is None:
                raise Unexpected
            self._reduce(~action)
        return self._values[0].children

    def _reduce(self, index: int) -> None:
        origin, name, kept, alone = self._tables.rules[index]
        states, values = self._states, self._values
        if len(kept) == 1:
            states.pop()
            values[-1] = _single(name, values[-1], kept[0], alone)
        else:
            parts = values[len(values) - len(kept) :]
            del values[len(values) - len(kept) :], states[len(states) - len(kept) :]
            values.append(_tree(name, parts, kept))
        states.append(self._tables.actions[states[-1]][origin])

    def accepts(self) -> set[str]:
        """The terminals that could be fed now: those whose reductions end in a shift."""
        return {kind for kind in self._tables.actions[self._states[-1]] if self._takes(kind)}

    def _takes(self, kind: str) -> bool:
        if kind not in self._tables.terminals:
            return False
        states = self._states.copy()
        while True:
            action = self._tables.actions[states[-1]].get(kind)
            if action is None or action >= 0:
                return action is not None
            origin, _, kept, _ = self._tables.rules[~action]
            del states[len(states) - len(kept) :]
            states.append(self._tables.actions[states[-1]][origin])
            if states[-1] == self._tables.end:
                return kind == "$END"


def _single(name: str, part: Tree | Token, how: int, alone: bool) -> Tree | Token:
    """Of a rule with one part, which stands for itself where the rule says so."""
    children = [part] if how == KEEP else []
    if how == EXPAND and isinstance(part, Tree):
        children = part.children
    if alone and len(children) == 1:
        return children[0]
    return Tree(name, children, part.start_pos, part.end_pos)


def _tree(name: str, parts: list, kept: list[int]) -> Tree:
    children: list = []
    start = end = None
    for part, how in zip(parts, kept, strict=True):
        if how == EXPAND and not children:
            # A repetition hands its list on, so that long ones grow in linear time.
            children = part.children
        elif how == EXPAND:
            children.extend(part.children)
        elif how != LEAVE_OUT:
            children.append(part)
        if part.start_pos is not None:
            start, end = part.start_pos if start is None else start, part.end_pos
    return Tree(name, children, start, end)
