"""Which kinds of names can stand at the cursor, by the statement so far."""

from __future__ import annotations

from autorecon.lsp.cursor import Cursor

STATEMENT = "statement"
NODES, MEMBERS, INSTANCES, BLOCKS = "nodes", "members", "instances", "blocks"
CANDIDATES, VALUES, ARGUMENTS = "candidates", "values", "arguments"
MERGES, CONTRACTS, INPUTS = "merges", "contracts", "inputs"
SHARED, MEASURES, AT, BOUNDS = "shared", "measures", "at", "bounds"
CHOICES, WEIGHTS, OPTIONS = "choices", "weights", "options"

_BEHIND = {
    "merge": MERGES,
    ":": INPUTS,
    "share": SHARED,
    "limit": MEASURES,
    "after": INSTANCES,
    "into": NODES,
    "from": NODES,
}
_VALUES = ("let", "if", "for", "limit", "space", "genotype")
_CANDIDATES = ("edge", "op", "choice")


def wanted(at: Cursor) -> tuple[str, ...]:
    tokens = at.tokens
    if not tokens:
        return (STATEMENT,)
    first, last = tokens[0], tokens[-1]
    if at.instance:
        return (MEMBERS,)
    if last in _BEHIND and (last != "into" or first == "rule"):
        return (_BEHIND[last],)
    if last == "," and "after" in tokens:
        return (INSTANCES,)
    inner = [tokens[index] for index in at.opened]
    if inner[-1:] == ["["]:
        return (VALUES,)
    if at.call and inner[-1:] == ["("] and first not in ("block", "op"):
        return (ARGUMENTS, VALUES)
    if first in _VALUES:
        return (VALUES,)
    if first == "rule":
        return _of_rule(tokens)
    if first == "edge" and len(tokens) == 2:
        return (CONTRACTS,)
    if first == "choice" and (len(tokens) == 2 or last == "]") and "=" not in tokens:
        return (WEIGHTS,)
    if first in _CANDIDATES:
        return (CANDIDATES,) if "=" in tokens else ()
    if first in ("node", "in", "out", "output"):
        return (CANDIDATES,) if "then" in tokens else ()
    if first == "share":
        return (NODES,)
    return _of_names(tokens)


def _of_rule(tokens: tuple) -> tuple[str, ...]:
    """By what stands behind the last word that a claim follows."""
    start = max(i for i, token in enumerate(tokens) if token in ("rule", "if", "and", "then"))
    claim = tokens[start + 1 :]
    if not claim:
        return AT, NODES, CHOICES
    if claim[0] not in ("at", "exactly"):
        if not {"=", "!="} & {*claim}:
            return NODES, CHOICES
        return (CANDIDATES,) if "->" in claim else (OPTIONS,)
    if claim[-1] == "at":
        return (BOUNDS,)
    if claim[-1] == "in":
        return (INSTANCES,)
    counted = len(claim) >= (3 if claim[0] == "at" else 2)
    return (CANDIDATES,) if counted else (VALUES,)


def _of_names(tokens: tuple) -> tuple[str, ...]:
    """A statement that begins with a name: an edge, or an instance."""
    if "->" not in tokens and tokens[-1] == "=":
        return (BLOCKS,)
    arrow = list(tokens).index("->") if "->" in tokens else len(tokens)
    return (CANDIDATES,) if "=" in tokens[arrow:] else (NODES,)
