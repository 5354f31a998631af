"""Mutates the shipped spaces and the programs of the tests, and reads what comes out: the answer to
anything is a program or diagnostics, soon, and the formatter keeps what can be parsed.

    python tools/fuzz_language.py [--count 1000000] [--seed 0] [--start 0] [--jobs 1]

Input N of a seed is always the same: `--start N --count 1` makes it again. Prints the rate, the
slowest input, and each kind of failure once, with the smallest text found that shows it.
"""

from __future__ import annotations

import argparse
import re
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import attrs

from autorecon.lang import Diagnostic, Program, Source, SpaceError, check, resource_folder
from autorecon.lang.codes import CODES
from autorecon.lang.fmt import format_source
from autorecon.lang.show import as_json, concise, full, github

TESTS = Path(__file__).resolve().parents[1] / "tests" / "lang"
TOKENS = re.compile(r"#[^\n]*|[A-Za-z_][A-Za-z_0-9]*|[0-9.]+|->|>>|[ \t]+|.", re.S)
SIGNS = [
    *'{}[]()=|,.:+-*/%^&@#"\n\x00\r\t\u2028é',
    "->",
    ">>",
    "..",
    "==",
    "<=",
    "else",
    "0",
    "1e9",
]
SYNTAX = ("E0101", "E0102", "E0103", "E0104", "E0105")
SECONDS = 5.0  # of CPU time for one input
MEMORY = 1_000_000  # kB that a process may grow by
CHUNK = 500
MINIMISING = 20.0  # seconds


class Hang(BaseException):
    """An input takes too long; no `except Exception` on the way holds it up."""


@attrs.frozen
class Base:
    """A text to mutate, and the folder in which it names other files."""

    text: str
    folder: Path

    @property
    def weight(self) -> float:
        """Short programs are taken more often, and sound ones, which have more to lose."""
        return (1 if self.folder.name == "bad" else 4) / (200 + len(self.text))


@attrs.frozen
class Failure:
    """What went wrong and where in the code, with the input that showed it."""

    kind: str
    details: str
    index: int
    source: Source


@attrs.define
class Tally:
    """What a run of inputs came to."""

    inputs: int = 0
    sound: int = 0
    slowest: tuple[float, int] = (0.0, 0)  # seconds, input
    failures: dict[str, Failure] = attrs.field(factory=dict)

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.sound += other.sound
        self.slowest = max(self.slowest, other.slowest)
        self.failures = {**other.failures, **self.failures}


def bases() -> list[Base]:
    """Every program that there is, in a fixed order."""
    paths = [*resource_folder("spaces").glob("**/*.space"), *TESTS.glob("**/*.space")]
    return [Base(p.read_text("utf-8", "replace"), p.parent) for p in sorted(paths)]


def mutated(random: Random, texts: list[Base], weights: list[float]) -> Source:
    """One of the programs with one to six changes."""
    base, other = random.choices(texts, weights, k=2)
    text = base.text
    for _ in range(random.choice((1, 1, 2, 3, 6))):
        text = random.choice(MUTATIONS)(random, text, other.text)
    return Source(text, "fuzz.space", base.folder / "fuzz.space")


def _bytes(random: Random, text: str, other: str) -> str:
    content = bytearray(text.encode("utf-8", "replace"))
    for _ in range(random.randint(1, 3)):
        place = random.randrange(len(content) + 1)
        content[place : place + random.randint(0, 2)] = random.randbytes(random.randint(0, 2))
    return content.decode("utf-8", "replace")


def _characters(random: Random, text: str, other: str) -> str:
    place = random.randrange(len(text) + 1)
    return text[:place] + random.choice(SIGNS) + text[place + random.randint(0, 1) :]


def _pieces(cut: Callable[[str], list[str]]) -> Callable[[Random, str, str], str]:
    """Deletes, doubles, swaps, copies or brings in some of what `cut` makes of a text."""

    def mutate(random: Random, text: str, other: str) -> str:
        pieces = cut(text) or [""]
        i, j = random.randrange(len(pieces)), random.randrange(len(pieces))
        kind = random.randrange(5)
        if kind == 0:
            pieces[i] = ""
        elif kind == 1:
            pieces[i] *= 2
        elif kind == 2:
            pieces[i], pieces[j] = pieces[j], pieces[i]
        elif kind == 3:
            pieces[i] = pieces[j]
        else:
            pieces[i] += random.choice(cut(other) or [""])
        return "".join(pieces)

    return mutate


def _spliced(random: Random, text: str, other: str) -> str:
    lines, others = text.splitlines(keepends=True), other.splitlines(keepends=True)
    start, end = sorted((random.randrange(len(others) + 1), random.randrange(len(others) + 1)))
    place = random.randrange(len(lines) + 1)
    return "".join([*lines[:place], *others[start:end], *lines[place + random.randint(0, 3) :]])


def _numbers(random: Random, text: str, other: str) -> str:
    found = list(re.finditer(r"\b\d+\b", text))
    if not found:
        return text
    match = random.choice(found)
    value = random.choice(("0", "1", "2", "7", "64", "1048577", "9" * 30, "1e400", "0.5"))
    return text[: match.start()] + value + text[match.end() :]


_lines = _pieces(lambda text: text.splitlines(keepends=True))
_tokens = _pieces(TOKENS.findall)
MUTATIONS = (_bytes, _characters, _tokens, _tokens, _tokens, _lines, _lines, _spliced, _numbers)


def judge(source: Source) -> tuple[Diagnostic, ...]:
    """The faults of a text; raises for any answer but a program or diagnostics."""
    try:
        program = check(source)
    except SpaceError as error:
        _check_faults(error.diagnostics, source)
        if not any(d.code in SYNTAX for d in error.diagnostics):
            format_source(source)
        return error.diagnostics
    assert isinstance(program, Program)
    _check_faults(program.warnings, source)
    format_source(source)
    return program.warnings


def _check_faults(faults: tuple[Diagnostic, ...], source: Source) -> None:
    places = [(d.code, d.span, id(d.span.source), d.label) for d in faults if d.span]
    assert len(set(places)) == len(places), "a fault is shown twice"
    for fault in faults:
        assert fault.code in CODES, fault.code
        assert fault.message, fault.code
        if fault.span and fault.span.source is source:
            assert 0 <= fault.span.start <= fault.span.end <= len(source.text), fault
        full(fault), concise(fault), github(fault)
    as_json(faults)


def failure(index: int, source: Source) -> tuple[bool, Failure | None]:
    """Whether a text is sound, and what its reading breaks."""
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        return all(d.severity == "warning" for d in judge(source)), None
    except (Exception, Hang) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if "autorecon" in f.filename] or frames
        place = (
            "" if isinstance(error, Hang) else f" in {Path(own[-1].filename).name}:{own[-1].name}"
        )
        details = "".join(traceback.format_exception(error, limit=-4))
        return False, Failure(f"{type(error).__name__}{place}", details, index, source)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def hang(signum: int, frame: Any) -> NoReturn:
    raise Hang(f"more than {SECONDS:g} s of CPU time")


def run(seed: int, start: int, count: int) -> Tally:
    """Inputs `start` to `start + count` of a seed, in this process."""
    signal.signal(signal.SIGVTALRM, hang)
    texts = bases()
    weights = [base.weight for base in texts]
    tally, before = Tally(), _memory()
    for index in range(start, start + count):
        source = mutated(Random(f"{seed}:{index}"), texts, weights)
        began = time.process_time()
        sound, found = failure(index, source)
        tally.slowest = max(tally.slowest, (time.process_time() - began, index))
        tally.inputs += 1
        tally.sound += sound
        if found and found.kind not in tally.failures:
            tally.failures[found.kind] = minimised(found)
        if index % 50 == 0 and _memory() - before > MEMORY:  # asking takes long on some systems
            details = f"the process has grown by more than {MEMORY:,} kB\n"
            tally.failures["Memory"] = Failure("Memory", details, index, source)
            break
    return tally


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def minimised(found: Failure) -> Failure:
    """The same kind of failure with lines, then tokens left out for as long as it stays."""
    ends = time.monotonic() + MINIMISING
    for cut in (lambda text: text.splitlines(keepends=True), TOKENS.findall):
        pieces = cut(found.source.text)
        size = max(1, len(pieces) // 2)
        while size:
            place = 0
            while place < len(pieces) and time.monotonic() < ends:
                fewer = [*pieces[:place], *pieces[place + size :]]
                source = attrs.evolve(found.source, text="".join(fewer))
                again = failure(found.index, source)[1]
                if again and again.kind == found.kind:
                    found, pieces = again, fewer
                else:
                    place += size
            size //= 2
    return found


def _chunks(seed: int, start: int, count: int) -> Iterator[tuple[int, int, int]]:
    for place in range(start, start + count, CHUNK):
        yield seed, place, min(CHUNK, start + count - place)


def _results(jobs: int, chunks: Iterable[tuple[int, int, int]]) -> Iterator[Tally]:
    if jobs == 1:
        yield from (run(*chunk) for chunk in chunks)
        return
    with ProcessPoolExecutor(jobs) as pool:
        yield from pool.map(run, *zip(*chunks, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, default in (("count", 10_000), ("seed", 0), ("start", 0), ("jobs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    tally, began, shown = Tally(), time.monotonic(), 0.0
    for part in _results(args.jobs, _chunks(args.seed, args.start, args.count)):
        for kind in part.failures.keys() - tally.failures.keys():
            _show(part.failures[kind], args.seed)
        tally.add(part)
        if time.monotonic() - shown > 60 or tally.inputs == args.count:
            shown = time.monotonic()
            print(_summary(tally, shown - began), flush=True)
    sys.exit(1 if tally.failures else 0)


def _summary(tally: Tally, seconds: float) -> str:
    slowest, index = tally.slowest
    return (
        f"{tally.inputs:,} inputs, {tally.inputs / seconds:,.0f} a second; {tally.sound:,} sound; "
        f"slowest {slowest:.2f} s (input {index}); {len(tally.failures)} kinds of failure"
    )


def _show(found: Failure, seed: int) -> None:
    again = f"--seed {seed} --start {found.index} --count 1"
    print(f"FAILED {found.kind} ({again})\n{found.details}{found.source.text!r}\n", flush=True)


if __name__ == "__main__":
    main()
