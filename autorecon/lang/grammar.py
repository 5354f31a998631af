"""The grammar's tables: made by Lark once, then kept in the user's own cache folder.

Where that cannot be written, every start pays for Lark and its work, about 0.2 s.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

# What becomes of a part of a rule in its tree.
LEAVE_OUT, KEEP, EXPAND = range(3)
_FORMAT = "3"  # of the kept file


class Tables(NamedTuple):
    """`actions` by state: to shift or go to a state, or ~N to reduce by rule N.

    A rule has its name, its tree's name, what becomes of each part, and whether one part stands for
    itself.
    """

    start: int
    end: int
    actions: list[dict[str, int]]
    rules: list[tuple[str, str, list[int], bool]]
    terminals: dict[str, str]  # the text of each, empty if it has several
    keywords: dict[str, str]
    ignored: list[str]
    pattern: str


def resource_folder(name: str) -> Path:
    """A folder of the distribution (`grammars`, `spaces`): in the wheel or beside the package."""
    package = Path(__file__).parents[1]
    return package / name if (package / name).is_dir() else package.parent / name


@cache
def tables() -> Tables:
    text = (resource_folder("grammars") / "space.lark").read_text(encoding="utf-8")
    path = _cache_path(text)
    found = _read(path) if path else None
    if found is None:
        found = _made(text)
        if path:
            _write(path, found)
    return found


def _read(path: Path) -> Tables | None:
    try:
        return Tables(*json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _write(path: Path, found: Tables) -> None:
    """Whole or not at all: another process may be reading."""
    beside = path.with_suffix(f".{os.getpid()}")
    try:
        beside.write_text(json.dumps(found))
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)


def _cache_path(text: str) -> Path | None:
    """A file in a folder that only this user can write, or None: what is there is trusted."""
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    folder = Path(base) / "autorecon"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        status = folder.stat()
    except OSError:
        return None
    if status.st_uid != os.getuid() or status.st_mode & 0o022 or not os.access(folder, os.W_OK):
        return None
    return folder / f"space-{hashlib.sha256((_FORMAT + text).encode()).hexdigest()[:16]}.json"


def _made(text: str) -> Tables:
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    lark = Lark(text, parser="lalr", lexer="basic", maybe_placeholders=False, postlex=_KeepTokens())
    data, memo = lark.memo_serialize([TerminalDef, Rule])
    automaton = data["parser"]["parser"]
    symbols, states = automaton["tokens"], automaton["states"]
    rules = {key: item for key, item in memo.items() if item["__type__"] == "Rule"}
    numbers = {key: index for index, key in enumerate(rules)}
    actions = [
        {
            symbols[symbol]: ~numbers[to["@"]] if kind else to
            for symbol, (kind, to) in states[state].items()
        }
        for state in range(len(states))
    ]
    (start,), (end,) = automaton["start_states"].values(), automaton["end_states"].values()
    return Tables(start, end, actions, [*map(_rule, rules.values())], *_lexer(lark))


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
