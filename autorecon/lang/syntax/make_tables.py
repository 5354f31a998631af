"""Lark's own tables of the grammar, in the form that the automaton reads.

python -m autorecon.lang.syntax.make_tables     # after a change of grammars/space.lark
"""

from __future__ import annotations

import json
import re
from typing import Any

from autorecon.lang.resources import resource_folder
from autorecon.lang.syntax.table_format import EXPAND, KEEP, LEAVE_OUT, Tables, digest


def shipped_text() -> str:
    """What `space.json` beside the grammar holds."""
    text = (resource_folder("grammars") / "space.lark").read_bytes()
    found = {"grammar": digest(text), **made(text.decode())._asdict()}
    return json.dumps(found, separators=(",", ":")) + "\n"


def made(text: str) -> Tables:
    """Of the grammar's text."""
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    lark = Lark(text, parser="lalr", lexer="basic", maybe_placeholders=False, postlex=_KeepTokens())
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    automaton = data["parser"]["parser"]
    symbols, states = automaton["tokens"], automaton["states"]
    rules = {key: item for key, item in memo.items() if item["__type__"] == "Rule"}
    # Lark counts rules and states in an order of its own, another in each run.
    ordered = sorted(rules, key=lambda key: json.dumps(rules[key], sort_keys=True))
    numbers = {key: index for index, key in enumerate(ordered)}
    (start,), (end,) = automaton["start_states"].values(), automaton["end_states"].values()
    order = _order(states, symbols, start)
    actions = [
        {
            symbol: ~numbers[to["@"]] if kind else order[to]
            for symbol, kind, to in _sorted(states[state], symbols)
        }
        for state in order
    ]
    made_rules = [_rule(rules[key]) for key in ordered]
    return Tables(order[start], order[end], actions, made_rules, *_lexer(lark))


def _order(states: dict, symbols: dict, start: int) -> dict[int, int]:
    """The number of each state: how soon it is reached from the first."""
    order, waiting = {start: 0}, [start]
    for state in waiting:
        for _, kind, to in _sorted(states[state], symbols):
            if not kind and to not in order:
                order[to] = len(order)
                waiting.append(to)
    return order


def _sorted(actions: dict, symbols: dict) -> list[tuple[str, int, Any]]:
    """By symbol: whether to reduce, and the rule or the state."""
    return sorted((symbols[symbol], kind, to) for symbol, (kind, to) in actions.items())


class _KeepTokens:
    """Keeps the terminals that no rule mentions; the layout pass needs the whole token list."""

    always_accept = ("COMMENT", "BAD")


def _rule(rule: dict[str, Any]) -> tuple[str, str, list[int], bool]:
    """As Lark shapes trees: `_name` is spliced in, and tokens without a name are left out."""
    everything = rule["options"]["keep_all_tokens"]
    kept = [
        (KEEP if everything or not part["filter_out"] else LEAVE_OUT)
        if part["__type__"] == "Terminal"
        else (EXPAND if part["name"].startswith("_") else KEEP)
        for part in rule["expansion"]
    ]
    origin = rule["origin"]["name"]
    return origin, rule["alias"] or origin, kept, rule["options"]["expand1"]


def _lexer(lark: Any) -> tuple[dict[str, str], dict[str, str], list[str], str]:
    """Terminals, keywords, what is ignored, and the pattern: the most important, then the longest
    first."""
    texts = {t.name: t.pattern.value for t in lark.terminals if t.pattern.type == "str"}
    name = next(t.pattern.value for t in lark.terminals if t.name == "NAME")
    keywords = {value: key for key, value in texts.items() if re.fullmatch(name, value)}
    order = sorted(lark.terminals, key=lambda t: (-t.priority, -len(texts.get(t.name, ""))))
    pattern = "|".join(
        f"(?P<{t.name}>{t.pattern.to_regexp()})" for t in order if texts.get(t.name) not in keywords
    )
    terminals = {t.name: texts.get(t.name, "") for t in lark.terminals}
    declared = ("_BLOCK_OPEN", "_BLOCK_CLOSE", "_AT", "BOUND", "EXACTLY", "TOUCHING", "$END")
    return {**terminals, **dict.fromkeys(declared, "")}, keywords, list(lark.ignore_tokens), pattern


if __name__ == "__main__":
    (resource_folder("grammars") / "space.json").write_text(shipped_text(), encoding="utf-8")
