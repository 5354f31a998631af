"""Searching a space's super net for an architecture.

Settings and the list of strategies are there without torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    # Search is the one that needs torch.
    if name != "Search":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from autorecon.search.search import Search

    return Search
