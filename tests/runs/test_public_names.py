from __future__ import annotations

import autorecon.runs


def test_public_list_is_complete_and_sorted() -> None:
    assert all(hasattr(autorecon.runs, name) for name in autorecon.runs.__all__)
    assert sorted(autorecon.runs.__all__) == autorecon.runs.__all__
