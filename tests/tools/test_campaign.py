"""Twenty mishaps of a fixed seed, and what the tool holds to be wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mishaps.bench import LEFT, LOST, TRACEBACK, Bench, Trial, Undisturbed, Wrong, check
from mishaps.jobs import JOBS
from mishaps.process import Ended, Process

ROOT = Path(__file__).parents[2]


@pytest.mark.first
@pytest.mark.skipif(sys.platform != "linux", reason="it looks into /proc")
def test_twenty_mishaps_lose_nothing() -> None:
    # Signals come at moments that no seed decides: those are for whoever runs the tool.
    kinds = "crashed,truncated,flipped,deleted,renamed,full,refused,read only,clock moved,hostile"
    options = ["--count", "20", "--seed", "5", "--commands", "search,compress", "--kinds", kinds]
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "campaign.py", *options],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    total = done.stdout.splitlines()[-1].split("|")[2:-1]
    tried, same, told, taken, *wrong = map(int, total)
    assert (tried, sum(wrong)) == (same + told + taken, 0) == (20, 0)


@pytest.mark.parametrize(
    ("files", "column"),
    [({"a": "1"}, None), ({"a": "2"}, LOST), ({}, LOST), ({"a": "1", ".a.7.tmp": ""}, LEFT)],
)
def test_what_is_left_is_compared(tmp_path: Path, files: dict[str, str], column: str) -> None:
    bench = Bench(tmp_path, {JOBS[0].name: Undisturbed({"a": b"1"}, 1.0, 9)})
    trial = Trial.new(bench, JOBS[0], "trial")
    trial.out.mkdir()
    for name, text in files.items():
        (trial.out / name).write_text(text)
    if column is None:
        trial.compare()
        return
    with pytest.raises(Wrong) as caught:
        trial.compare()
    assert caught.value.verdict.column == column


@pytest.mark.parametrize(
    ("ended", "column"),
    [
        (Ended(1, "Traceback (most recent call last):\n..."), TRACEBACK),
        (Ended(2, "search 3/3 steps"), LOST),
        (Ended(-11, ""), LOST),
        (Ended(0, "", left=True), LEFT),
    ],
)
def test_what_no_mishap_excuses(ended: Ended, column: str) -> None:
    with pytest.raises(Wrong) as caught:
        check(ended)
    assert caught.value.verdict.column == column
    check(Ended(2, "search 3/3 steps\nautorecon: cannot write a: No space left on device"))


def test_a_process_says_and_ends_as_its_work_does(tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()

    def work() -> None:
        print(Path.cwd().name, flush=True)
        raise SystemExit(3)

    assert Process(tmp_path / "here", work).ended() == Ended(3, "here\n")
