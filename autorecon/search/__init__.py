"""Searching a space's super net for an architecture.

In come a super net, a view of the teacher and a SearchConfig, out comes a Derivation: one choice a
decision, and what it was chosen by. Settings and the list of strategies are there without torch.
Called, `autorecon.search(space, model, ...)` is the function of `autorecon.python`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from autorecon.lazy import callable_as, later
from autorecon.search.catalogue import DERIVATIONS, NEEDS, STRATEGIES, StrategyInfo
from autorecon.search.check import check
from autorecon.search.config import SearchConfig, SearchError

if TYPE_CHECKING:
    from autorecon.search.search import Search

__all__ = [
    "DERIVATIONS",
    "NEEDS",
    "STRATEGIES",
    "Search",
    "SearchConfig",
    "SearchError",
    "StrategyInfo",
    "check",
]

# What needs torch is imported when it is first asked for.
__getattr__ = later(__name__, search=["Search"])

callable_as(__name__, "autorecon.python", "search")
