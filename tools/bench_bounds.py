"""What commands take for files of nearly a megabyte that ask as much as they can: seconds of the
processor and MiB at the peak, each within its bound, and what was answered.

    python tools/bench_bounds.py [FILE ...] [--commands compile,check,fmt,show]
                                 [--bytes 990000] [--list]

A FILE is a part of names that `--list` prints. The exit code is 1 if a bound is broken, or an
answer is none: a traceback, or neither a result nor a fault with its code.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import attrs

from fuzzing import large_spaces  # noqa: F401  they are among the FILES
from fuzzing.large_files import FILES

START = "from autorecon.cli import main; main()"
COMMANDS = {
    "compile": ["compile"],
    "check": ["check"],
    "fmt": ["fmt", "--check"],
    "show": ["show"],
}
SECONDS, MEMORY = 5.0, 1024  # of the processor, MiB
CUT = 20  # seconds after which a command is ended
MOST = 4 << 30  # bytes of addresses


@attrs.frozen
class Answer:
    """What one command took and said."""

    seconds: float
    memory: float
    code: int
    text: str

    @property
    def fault(self) -> str:
        """What is wrong with it, or nothing."""
        if self.code < 0:
            return f"ended by {signal.Signals(-self.code).name}"
        if "Traceback" in self.text or self.code not in (0, 1, 2):
            return "no answer"
        over = self.seconds > SECONDS, self.memory > MEMORY
        return " and ".join(
            word for word, is_over in zip(("SLOW", "LARGE"), over, strict=True) if is_over
        )

    @property
    def said(self) -> str:
        """A code and what it says, or the last line."""
        found = re.search(r"(error|warning)\[(\w+)\]: (.*)", self.text) if self.code else None
        lines = self.text.strip().splitlines() or [""]
        return f"{found[2]} {found[3]}" if found else lines[-1]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("files", nargs="*", metavar="FILE")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--bytes", type=int, default=990_000, help="of each file")
    parser.add_argument("--list", action="store_true")
    args = parser.parse_args()
    names = [n for n in FILES if not args.files or any(part in n for part in args.files)]
    if args.list:
        return print("\n".join(names))
    faults = [
        fault for name in names for fault in measured(name, args.bytes, args.commands.split(","))
    ]
    sys.exit(1 if any(faults) else 0)


def measured(name: str, size: int, commands: list[str]) -> list[str]:
    """The faults of a file's answers, which are printed as they come."""
    faults = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large.space"
        path.write_text(FILES[name](size), "utf-8")
        for command in commands:
            answer = answered([*COMMANDS[command], str(path)], folder)
            faults.append(answer.fault)
            cost = f"{answer.seconds:6.1f} s {answer.memory:6.0f} MiB"
            print(
                f"{name:<34} {command:<8}{cost}  {answer.fault:<9} {answer.said[:90]}", flush=True
            )
    return faults


def answered(arguments: list[str], folder: str) -> Answer:
    """What a new process answers, which is ended where it takes far more than it may."""
    shown = Path(folder) / "shown"
    with shown.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", START, *arguments],
            stdout=output, stderr=subprocess.STDOUT, cwd=folder, preexec_fn=_bounded,
        )  # fmt: skip
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = usage.ru_utime + usage.ru_stime
    text = shown.read_text("utf-8", errors="replace")
    return Answer(seconds, usage.ru_maxrss / 1024, process.returncode, text)


def _bounded() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (CUT, CUT))
    resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))


if __name__ == "__main__":
    main()
