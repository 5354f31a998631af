"""What this machine computes with."""

from __future__ import annotations

import platform
from functools import cache
from importlib import import_module
from pathlib import Path

from autorecon.records.evaluation import Machine

CPUINFO = Path("/proc/cpuinfo")
UNITS = {"avx512_vnni": "AVX512-VNNI", "avx_vnni": "AVX-VNNI", "amx_int8": "AMX", "i8mm": "I8MM"}
"""Flags of processors that multiply bytes faster than numbers, and what people call them."""


def machine(engine: str, threads: int) -> Machine:
    """This one, with the library that computes and its version."""
    return Machine(
        engine=f"{engine} {import_module(engine).__version__}",
        threads=threads,
        processor=_told().get("model name") or platform.processor() or platform.machine(),
        integer_units=integer_units(),
    )


def integer_units() -> list[str] | None:
    """What it has of these; None where the system does not tell."""
    told = _told()
    flags = told.get("flags", told.get("features"))
    return (
        None if flags is None else [text for flag, text in UNITS.items() if flag in flags.split()]
    )


@cache
def _told() -> dict[str, str]:
    """What Linux says of the first processor."""
    try:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = [line.partition(":") for line in reversed(lines)]
    return {key.strip().lower(): value.strip() for key, _, value in pairs}
