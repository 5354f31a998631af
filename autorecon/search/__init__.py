"""Searching a space's super net for an architecture."""

from autorecon.search.config import RELAXATIONS, SearchConfig, SearchError
from autorecon.search.search import Search

__all__ = ["RELAXATIONS", "Search", "SearchConfig", "SearchError"]
