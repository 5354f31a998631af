from __future__ import annotations

import os
import warnings
from collections.abc import Callable

import pytest


@pytest.fixture
def fork() -> Callable[[Callable[[], object]], int]:
    """Run a function in a child process and give the child's id; it exits 0 if it returns."""

    def start(work: Callable[[], object]) -> int:
        with warnings.catch_warnings():
            # Newer Pythons warn of threads that torch may hold; the children need none of them.
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child:
            return child
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)

    return start
