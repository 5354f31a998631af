"""How fast the front end is: each figure in CPU seconds of one thread, its aim, and how many times
what plain Python needs in the same run.

    python tools/bench_language.py [--json]

Results are checked as they are timed; a wrong one ends the benchmark with an error.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from random import Random
from typing import Any

import attrs

from autorecon.graph import Space, load, loads
from autorecon.graph.sampling.sample import DistinctArchitectures, sample
from autorecon.lang import resource_folder
from autorecon.lang.elaborate import state as elaboration

PAPER = resource_folder("spaces") / "paper.space"
COMPILE = "from autorecon.cli import compile_main; compile_main()"
ARCHITECTURES, DISTINCT = 161_475_125_529_959_543_232, 127_624_643_852_946_950_064
EDGES_PER_CELL = 11

CHAIN = """space chain(width = 8)
edge normal keeps = conv(1) | conv(3) | identity | none
block cell(side) {{
  in   n1     [width, side, side]
  node n2, n3 [width, side, side]
  out  n4     [width, side, side]
  normal n1 -> {{n2, n3}}
  normal n2 -> {{n3, n4}}
  normal n3 -> n4
}}
input z [4]: noise
output image [width, 4, 4]
{cells}
link z -> C1.n1 = linear
{edges}
link C{last}.n4 -> image = conv(1)
"""


@attrs.frozen
class Figure:
    """`value` in `unit`; it should stay at most (seconds, ratios) or at least (rates) `aim`."""

    name: str
    value: float
    unit: str
    aim: float
    floor: float

    @property
    def is_met(self) -> bool:
        return self.value >= self.aim if self.unit == "/s" else self.value <= self.aim

    @property
    def line(self) -> str:
        shown = (
            f"{self.value:>12,.0f} /s" if self.unit == "/s" else f"{self.value:>12.3f} {self.unit} "
        )
        aim = f"{self.aim:,.0f}" if self.unit == "/s" else f"{self.aim:g}"
        verdict = "met" if self.is_met else "MISSED"
        return (
            f"{self.name:<44}{shown}  aim {aim:>8}  {verdict:<6}  {self.floor:6.2f} x plain Python"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON list")
    as_json = parser.parse_args().json
    figures = [cold_start(), warm(), *growth(), *rates()]
    if as_json:
        print(json.dumps([{**attrs.asdict(f), "met": f.is_met} for f in figures], indent=2))
    else:
        print("\n".join(figure.line for figure in figures))


def cold_start() -> Figure:
    """A new process that compiles the paper's space, with modules compiled to bytecode as an
    installation has them; plain: one that does nothing."""
    command = [sys.executable, "-c", COMPILE, str(PAPER)]
    with tempfile.TemporaryDirectory() as folder:
        kept = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}
        environment = {**os.environ, **kept}
        shown = subprocess.run(
            command, capture_output=True, text=True, check=True, env=environment
        ).stdout
        _expect(f"{ARCHITECTURES:,}" in shown, "the summary shows the number of architectures")
        whole = _child_cpu(command, environment)
        nothing = _child_cpu([sys.executable, "-c", "pass"], environment)
    return Figure("cold `autorecon-compile paper.space`", whole, "s", 0.25, whole / nothing)


def warm() -> Figure:
    """The same in a running process; plain: splitting the text into words a hundred times."""
    text = PAPER.read_text("utf-8")

    def whole() -> Space:
        space = loads(text)
        _expect(space.architectures == ARCHITECTURES, "architectures are counted exactly")
        _expect(space.cost.parameters.max == 1_653_779, "costs are exact")
        return space

    _expect(whole().distinct_architectures == DISTINCT, "generators are counted exactly")
    seconds = _cpu(whole, 9)
    plain = _cpu(lambda: [re.findall(r"\w+|\S", text) for _ in range(100)], 9)
    return Figure("parse + check + count + cost, warm", seconds, "s", 0.020, seconds / plain)


def growth() -> list[Figure]:
    """Chains of cells up to the most edges that a space may have; plain: building one tuple an
    edge."""
    most = min(100_000, elaboration.MAX_EDGES) // EDGES_PER_CELL
    half, whole = (_cpu(lambda n=n: _chain(n), 1) for n in (most // 2, most))
    plain = _cpu(lambda: [(i, str(i), f"{i}->{i + 1}") for i in range(most * EDGES_PER_CELL)], 3)
    edges = most * EDGES_PER_CELL
    return [
        Figure(f"{edges:,} edges, checked and costed", whole, "s", 15.0, whole / plain),
        Figure("the same against half as many edges", whole / half, "x", 2.3, whole / half / 2),
    ]


def _chain(cells: int) -> None:
    space = loads(_chain_text(cells))
    _expect(len(space.edges) == EDGES_PER_CELL * cells - 6 + 2, "every edge is there")
    _expect(space.architectures == 4 ** (len(space.edges) - 2), "architectures are counted exactly")
    dearest = (len(space.edges) - 2) * (9 * 64 + 8)
    _expect(space.cost.parameters.max == dearest + 5 * 128 + 72, "costs are exact")


def _chain_text(cells: int) -> str:
    lines = ["C1 = cell(4)", *(f"C{i} = cell(4) after C{i - 1}" for i in range(2, cells + 1))]
    edges = [f"normal C{i - 1}.{{n1, n2, n3}} -> C{i}.{{n2, n3}}" for i in range(2, cells + 1)]
    return CHAIN.format(cells="\n".join(lines), edges="\n".join(edges), last=cells)


def rates() -> list[Figure]:
    """Architectures of the paper's space a second; plain: one randrange, one division a choice."""
    space, random, count = load(PAPER), Random(1), 50_000
    codec, radices = space.codec, space.codec.radices
    numbers = [random.randrange(codec.size) for _ in range(count)]
    _expect([codec.encode(codec.decode(n)) for n in numbers] == numbers, "round trips are exact")
    digits = [_plain_decode(n, radices) for n in numbers[:99]]
    _expect(digits == [codec.decode(n) for n in numbers[:99]], "decoding is mixed radix")
    generators = DistinctArchitectures(space)
    drawn = [generators.sample(random) for _ in range(99)]
    _expect(all(map(space.liveness.is_valid, drawn)), "generators are valid")
    sampling = _cpu(lambda: [sample(space, random) for _ in numbers], 3)
    plain_sampling = _cpu(lambda: [tuple(map(random.randrange, radices)) for _ in numbers], 3)
    trips = _cpu(lambda: [codec.encode(codec.decode(n)) for n in numbers], 3)
    plain_trips = _cpu(
        lambda: [_plain_encode(_plain_decode(n, radices), radices) for n in numbers], 3
    )
    different = _cpu(lambda: [generators.sample(random) for _ in numbers[::10]], 3) * 10
    names = "samples", "samples of different generators", "decode + encode"
    seconds = sampling, different, trips
    plain = plain_sampling, plain_sampling, plain_trips
    aims = 100_000, 10_000, 100_000
    return [
        Figure(name, count / spent, "/s", aim, spent / floor)
        for name, spent, floor, aim in zip(names, seconds, plain, aims, strict=True)
    ]


def _plain_decode(number: int, radices: tuple[int, ...]) -> tuple[int, ...]:
    digits = []
    for radix in reversed(radices):
        number, digit = divmod(number, radix)
        digits.append(digit)
    return tuple(reversed(digits))


def _plain_encode(picks: tuple[int, ...], radices: tuple[int, ...]) -> int:
    number = 0
    for pick, radix in zip(picks, radices, strict=True):
        number = number * radix + pick
    return number


def _cpu(work: Callable[[], Any], times: int) -> float:
    """The median CPU seconds of `work`."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def _child_cpu(command: list[str], environment: dict[str, str], times: int = 9) -> float:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    seconds = []
    for _ in range(times):
        start = spent()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
        seconds.append(spent() - start)
    return statistics.median(seconds)


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise SystemExit(f"wrong result: it is not so that {what}")


if __name__ == "__main__":
    main()
