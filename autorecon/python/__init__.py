"""The whole way from Python: what the commands do, with a module of one's own in hand.

In come a model and settings, out come a Result whose `model` answers, or a genotype. Everything is
done by `workflow`, in a run's folder as the commands make it; users call these functions by
`autorecon.auto`, `autorecon.compress` and `autorecon.search`.
"""

from autorecon.python.auto import auto
from autorecon.python.compress import compress
from autorecon.python.result import Result
from autorecon.python.search import search

__all__ = ["Result", "auto", "compress", "search"]
