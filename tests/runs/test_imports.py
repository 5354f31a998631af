from __future__ import annotations

import subprocess
import sys

import autorecon.runs


def test_import_is_light() -> None:
    heavy = "{'torch', 'rich', 'numpy', 'safetensors', 'tomli_w'}"
    code = f"import sys, autorecon.runs; print(sorted({heavy} & set(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert answer.stdout == b"[]\n"


def test_public_list_is_complete_and_sorted() -> None:
    assert all(hasattr(autorecon.runs, name) for name in autorecon.runs.__all__)
    assert sorted(autorecon.runs.__all__) == autorecon.runs.__all__
