"""Mutates the shipped spaces and the programs of the tests, and reads what comes out: the answer to
anything is a program or diagnostics, soon, and the formatter keeps what can be parsed.

    python tools/fuzz_language.py [--count 1000000] [--seed 0] [--start 0] [--jobs 1]

Input N of a seed is always the same: `--start N --count 1` makes it again. Prints the rate, the
slowest input, and each kind of failure once, with the smallest text found that shows it.
"""

from __future__ import annotations

import argparse
import math
import re
import resource
import time
from collections.abc import Callable, Collection
from functools import cache, partial
from pathlib import Path
from random import Random

import attrs

from autorecon.lang import Diagnostic, Program, Source, SpaceError, check, resource_folder
from autorecon.lang.diagnostics.codes import CODES
from autorecon.lang.diagnostics.faults import concise
from autorecon.lang.diagnostics.formats import as_json, full, github
from autorecon.lang.fmt import format_source
from fuzzing.campaign import Failure, Tally, campaign, guarded
from fuzzing.shrink import lines, minimised, without_pieces

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


@attrs.frozen
class Base:
    """A text to mutate, and the folder in which it names other files."""

    text: str
    folder: Path

    @property
    def weight(self) -> float:
        """Short programs are taken more often, and sound ones, which have more to lose."""
        return (1 if self.folder.name == "bad" else 4) / (200 + len(self.text))


@cache
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


def tried(index: int, source: Source) -> Tally:
    """Whether a text is sound, and what its reading breaks."""
    tally, began = Tally(1), time.process_time()

    def work() -> None:
        tally.counts["sound"] += all(d.severity == "warning" for d in judge(source))

    found = guarded(work, SECONDS, index, source.text)
    tally.slowest = time.process_time() - began, index
    tally.failures = {found.kind: found} if found else {}
    return tally


def smallest(found: Failure, source: Source) -> Failure:
    """With lines, then tokens left out."""

    def again(text: str) -> Failure | None:
        failures = tried(found.index, attrs.evolve(source, text=text)).failures
        return next(iter(failures.values()), None)

    return minimised(found, again, [without_pieces(lines), without_pieces(TOKENS.findall)])


def run(seed: int, start: int, count: int, known: Collection[str] = ()) -> Tally:
    """Inputs `start` to `start + count` of a seed, in this process, but for what is `known`."""
    texts = bases()
    weights = [base.weight for base in texts]
    tally, before = Tally(), _memory()
    for index in range(start, start + count):
        source = mutated(Random(f"{seed}:{index}"), texts, weights)
        one = tried(index, source)
        new = one.failures.keys() - {*known, *tally.failures}
        one.failures = {kind: smallest(one.failures[kind], source) for kind in new}
        tally.add(one)
        if index % 50 == 0 and _memory() - before > MEMORY:  # asking takes long on some systems
            details = f"the process has grown by more than {MEMORY:,} kB\n"
            tally.failures["Memory"] = Failure("Memory", details, index, source.text)
            break
    return tally


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    for name, default in (("count", 10_000), ("seed", 0), ("start", 0), ("jobs", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    args = parser.parse_args()
    again = f"--seed {args.seed} --count 1 --start"
    campaign(partial(run, args.seed), args.start, args.count, args.jobs, math.inf, again)


if __name__ == "__main__":
    main()
