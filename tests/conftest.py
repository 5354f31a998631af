"""Before anything loads torch: one thread, since the tests' tensors are far too small to share; and
garbage is looked for seldom, which takes a fifteenth of all time where so much is imported."""

import gc
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from hypothesis import settings

gc.set_threshold(20_000, 20, 20)

# The same examples every time, for whoever changes something else; HYPOTHESIS_PROFILE=default looks
# for new ones.
settings.register_profile("fixed", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("first") is None)
