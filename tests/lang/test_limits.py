"""Programs that are too large are answered at once: nobody can keep the checker busy."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from autorecon.lang import Source, SpaceError, check
from autorecon.lang.diagnostics.faults import MAX_FAULTS
from autorecon.lang.source import MAX_BYTES
from autorecon.lang.syntax.parse import read_source

HEADER = "space t(latent = 4)\ninput z [latent]: noise\noutput image [3, 8, 8]\n"
LINK = "link z -> image = linear\n"


def _names(prefix: str, count: int) -> str:
    return ", ".join(f"{prefix}{i}" for i in range(count))


def _definitions(first: str, step: str, count: int) -> str:
    return first + "".join(step.format(i, i + 1) for i in range(count))


BLOCK = "block b {{\n  node {} [3]\n}}\n"
ENDLESS = {
    "doubling": _definitions("op a0 = tanh\n", "op a{1} = a{0} >> a{0}\n", 200),
    "doubling with values": _definitions(
        "op a0(x) = leaky_relu(x)\n", "op a{1}(x) = a{0}(2*x) >> a{0}(2*x + 1)\n", 40
    )
    + "link z -> image = linear >> a40(1)\n",
    "a long chain of definitions": _definitions("op a0 = tanh\n", "op a{1} = a{0}\n", 2000),
    "parentheses": "let a = " + "(" * 5000 + "1" + ")" * 5000 + "\n",
    "signs": "let a = " + "-" * 5000 + "1\n",
    "words": "let a = " + "1 * " * 200_000 + "1\n",
    "digits": "let a = " + "9" * 100_000 + "\n",
    "pairs of unknown nodes": f"link {{{_names('a', 2000)}}} -> {{{_names('b', 2000)}}} = linear\n",
    "nodes of many blocks": BLOCK.format(_names("n", 5000))
    + "".join(f"B{i} = b\n" for i in range(1000)),
    "edges": f"node {_names('a', 1000)} [3]\nnode {_names('b', 1000)} [3]\n"
    f"link {{{_names('a', 1000)}}} -> {{{_names('b', 1000)}}} = linear\n",
    "candidates": "edge e = " + " | ".join(f"conv({2 * i + 1})" for i in range(5000)) + "\n",
    "types that grow": "edge e0 = conv(1)\n"
    + "".join(f"edge e{i + 1} = e{i} | conv({2 * i + 3})\n" for i in range(3000)),
    "a long name": f"let {'a' * 201} = 1\n",
    "a power of a power": "let a = 2^(2^64)\n",
    "a long loop": "for i in 1..1000000000 { let a = i }\n",
    "empty loops": "for i in 1..1000 {\n" * 4 + "}\n" * 4,
    "open blocks": "block b {\n" * 2000,
    "operations of all": _definitions("op a0 = tanh\n", "op a{1} = a{0} >> a{0}\n", 9)
    + "".join(f"node n{i} [3] then a9\n" for i in range(300)),
    "operations": "link z -> image = linear" + " >> tanh" * 3000 + "\n",
}


@pytest.mark.parametrize("name", ENDLESS)
def test_it_is_answered_at_once(name: str) -> None:
    start = time.process_time()
    with pytest.raises(SpaceError) as caught:
        check(Source(HEADER + ENDLESS[name] + LINK))
    assert time.process_time() - start < 60  # that it ends at all; how fast, the benchmark shows
    assert len(caught.value.diagnostics) <= MAX_FAULTS + 1


def test_a_long_cycle_is_named_in_short() -> None:
    count = 2000
    ring = "".join(f"link n{i} -> n{(i + 1) % count} = identity\n" for i in range(count))
    with pytest.raises(SpaceError) as caught:
        check(Source(HEADER + f"node {_names('n', count)} [3]\n" + ring + LINK))
    (fault,) = caught.value.diagnostics
    assert fault.code == "E0501"
    assert len(fault.message) < 120
    assert "..." in fault.message


def test_faults_beyond_counting_end_the_run() -> None:
    with pytest.raises(SpaceError) as caught:
        check(Source(HEADER + "".join(f"link z -> q{i} = linear\n" for i in range(1000))))
    faults = caught.value.diagnostics
    assert len(faults) == MAX_FAULTS + 1
    assert faults[-1].code == "E0305"
    assert f"{MAX_FAULTS} faults" in faults[-1].message


def test_large_is_not_too_large() -> None:
    nodes = _names("n", 2000)
    program = check(
        Source(
            HEADER + f"node {nodes} [3]\nlink z -> {{{nodes}}} = linear\n"
            f"link {{{nodes}}} -> image = linear\n" + "let a = 1" + " + 1" * 3000 + "\n"
        )
    )
    assert len(program.edges) == 4000


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"# " + b"x" * MAX_BYTES, "larger than 1,000,000 bytes"), (b"\xff\xfe", "not UTF-8")],
)
def test_files_that_are_no_programs(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "no.space"
    path.write_bytes(content)
    with pytest.raises(SpaceError, match=message):
        read_source(path)


@pytest.mark.parametrize("name", ["absent.space", "."])
def test_files_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpaceError, match="cannot read") as caught:
        read_source(tmp_path / name)
    assert caught.value.diagnostics[0].code == "E0103"
    assert caught.value.exit_code == 1
