"""The trial of a device goes all its way on a CPU, and a row that fails takes no other with it."""

from __future__ import annotations

import math
import sys
import time

import pytest

import check_device
from check_device import TINY, Device, check
from remembered import captured_once as captured_once


def test_it_goes_all_its_way(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autorecon.compress.engine.keeping.BATCHES", 1)
    device = Device("cpu", math.inf)
    check(device, TINY, tiny=True)
    lines = capsys.readouterr().out.splitlines()
    assert (device.rows, device.failed) == (len(lines), 0)
    exact = [line for line in lines if line.startswith("losses beside")]
    assert all("0.0e+00 apart" in line for line in exact)
    trials = [line for line in lines if "of the peak" in line]
    assert [line.split(",")[0] for line in trials] == ["search", "compression"] * 2
    assert all("estimated" in line for line in trials)


def test_what_fails_or_comes_too_late_is_a_row(capsys: pytest.CaptureFixture[str]) -> None:
    device = Device("cpu", math.inf)
    device.row("a", lambda: str(1 / 0))
    device.end = time.monotonic() - 1
    device.row("b", lambda: "done")
    first, second = capsys.readouterr().out.splitlines()
    assert first.split(maxsplit=1) == ["a", "failed: ZeroDivisionError: division by zero"]
    assert second.split(maxsplit=1) == ["b", "not tried: the time is up"]
    assert (device.rows, device.failed) == (2, 1)


def test_a_device_that_is_not_there_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["check_device.py", "--device", "cuda:99"])
    with pytest.raises(SystemExit, match="2"):
        check_device.main()
    assert "cuda:99 cannot be used here" in capsys.readouterr().err
