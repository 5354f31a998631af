from __future__ import annotations

from functools import partial

from autorecon.export.timing import LEAST, interleaved


def test_calls_alternate_and_the_first_of_each_is_not_counted() -> None:
    called: list[str] = []
    runs = [partial(called.append, name) for name in "ab"]
    found = interleaved(runs, 4, seconds=0)
    assert "".join(called) == "ab" * (1 + LEAST)
    assert [(timing.batch, timing.calls) for timing in found] == [(4, LEAST)] * 2
    assert all(timing.median > 0 <= timing.spread for timing in found)
