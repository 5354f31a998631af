"""What is freed stays with the process, where the C library can be told so."""

from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import resource
from autorecon.runs.heap import keep_freed
{call}
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    before = faults()
    data = bytearray(200_000_000)
    del data
    seen = faults() - before
print(seen)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's alone")
def test_memory_is_not_taken_anew():
    def faults(call: str) -> int:
        command = [sys.executable, "-c", CODE.format(call=call)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert faults("") > 1000
    assert faults("keep_freed()") < 100
