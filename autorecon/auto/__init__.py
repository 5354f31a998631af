"""The best student by one command: candidates of all that can be set, halved rung by rung.

In comes a teacher and a budget, out come a run folder with the best student and its recipe. A
candidate is a variant of a study, a trial one of its cells; this decides which are tried, for how
long, and which go on. Called, `autorecon.auto(model, ...)` is the function of `autorecon.python`.
"""

from __future__ import annotations

from autorecon.lazy import callable_as

callable_as(__name__, "autorecon.python", "auto")
