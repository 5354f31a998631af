from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from autorecon.export import processor
from autorecon.records.evaluation import Machine

ONE = "processor\t: 0\nmodel name\t: Fast CPU\nflags\t\t: fpu {}\n\n"


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    processor._told.cache_clear()
    yield
    processor._told.cache_clear()


def told(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (folder / "cpuinfo").write_text(text)
    monkeypatch.setattr(processor, "CPUINFO", folder / "cpuinfo")
    return processor.machine("torch", 2)


@pytest.mark.parametrize(
    ("flags", "shown"),
    [
        ("avx512_vnni amx_int8", "2 threads of Fast CPU with AVX512-VNNI and AMX"),
        ("avx2", "2 threads of Fast CPU without VNNI and AMX"),
    ],
)
def test_what_multiplies_bytes_is_read_off_its_flags(
    flags: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = told(ONE.format(flags) * 2, tmp_path, monkeypatch)
    assert found.text.startswith("torch ")
    assert found.text.endswith(shown)


def test_other_systems_do_not_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processor, "CPUINFO", tmp_path / "none")
    found = processor.machine("torch", 1)
    assert found.integer_units is None
    assert found.text.endswith("with VNNI and AMX unknown")
