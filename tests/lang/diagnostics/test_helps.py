"""What diagnostics advise: the line that a user reads to mend a fault."""

from __future__ import annotations

import pytest

from autorecon.graph import loads
from autorecon.lang import Diagnostic, Source, SpaceError, check
from autorecon.lang.diagnostics import code_examples
from autorecon.lang.diagnostics.code_examples import EXAMPLES
from autorecon.lang.syntax.expected import FORMS

HEAD = "space s(size = 16)\ninput z [8]: noise\noutput image [3, size, size]\n"


def faults(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(SpaceError) as error:
        check(Source(f"{HEAD}{text}\n"))
    return error.value.diagnostics


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("if size = 16 { let a = 1 }", "`==` compares"),
        ("link z, a -> image = linear", "`{a, b} -> c`"),
        ("link z -> image = linear, none", "`|` separates candidates"),
        ("link z -> image = linear + tanh", "`>>` joins operations"),
        ("node a [3, 8, 8] then bn, relu", "`>>` joins operations"),
        ("let a = 2(size)", "no arguments"),
        ("let a = size // 2", "write `/`"),
        ("let a = size ** 2", "write `^`"),
        ("let a = 4 // four of them", "begins with `#`"),
        ("let a = 4 if size > 2", "expected `else` or an operator"),
        ("let a = {4, 8}", "write `[8, 4]`"),
        ("let a = (4, 8)", "write `[8, 4]`"),
        ("Node a [4]", "write `node`"),
        ("ouput b [4]", "write `output`"),
        ("node gr\u00f6 [4]", "names have the letters a to z"),
        ("link z \u2192 image = linear", "write `->`"),
        ("node a\u00a0[4]", "write a plain blank"),
        ("node a [4],", "remove it"),
        ("node a [4], out b [4]", "a statement ends with its line"),
        ("edge e = relu |\n  tanh", "at the beginning of the next line"),
        ("let a = size ? 1", "remove it"),
        ("link z -> image = linear // a comment", "begins with `#`"),
        ("/* a comment */", "begins with `#`"),
        ("block b { edge e = relu }", "`edge` cannot stand in here"),
        ("block b { in a [3] out b [3] }", "ends with its line"),
        ("node for [3]", "`for` is a word of the language"),
        ("node a = [3]", "expected `,` or `[`; write `node NAME"),
        ("edge up: relu", "write `edge NAME CONTRACT = CANDIDATE | CANDIDATE`"),
        ("rule no none", "write `rule at most NUMBER CANDIDATE into NODE`, or `rule if A -> B"),
        ("rule if no none", "expected `!=`, `->`, `.`, `=` or `[`; write"),
        ("limit params <= 1,000", "expected an operator or the end of the line; write `limit"),
        ("limit params < 1M", "expected `<=` or `>=`; write `limit"),
        ("A = cell(4) before B", "write `NAME = BLOCK(ARGUMENTS) after NAME`"),
        ("z -> {image} = linear", "write `SOURCE -> TARGET = PIPELINE`"),
        ("let a = (size", "close it with `)`"),
        ("link z = linear", "expected `->`, `.` or `[`; write `TYPE SOURCE -> TARGET"),
    ],
)
def test_a_syntax_fault_says_what_can_stand_there(text: str, advice: str) -> None:
    (fault,) = faults(text)
    assert advice in str(fault.help)


def test_a_fault_after_another_is_explained_too() -> None:
    """The parser goes on behind the first, in the middle of what a body's end begins."""
    found = faults("for i in 1..2 {} linear\nif ()\nlet a = (1 +\nlet b =")
    assert [fault.span.source.position(fault.span.start)[0] for fault in found] == [4, 5, 6, 7]


@pytest.mark.parametrize("word", [w for w in FORMS if w not in ("space", "genotype")])
def test_every_statement_has_a_form(word: str) -> None:
    """A comma never follows a statement's first word."""
    assert f"`{FORMS[word]}`" in str(faults(f"{word} ,")[0].help)


@pytest.mark.parametrize("code", EXAMPLES)
def test_an_example_of_a_code_has_its_fault_and_then_none(code: str) -> None:
    faulty, mended = EXAMPLES[code]
    assert [fault.code for fault in _reported(faulty)] == [code]
    assert not _reported(mended)


def _reported(lines: str) -> tuple[Diagnostic, ...]:
    try:
        return loads(f"{code_examples.HEAD}{lines}\n").program.warnings
    except SpaceError as error:
        return error.diagnostics


def test_an_operation_that_is_nowhere_may_be_ones_own() -> None:
    (fault,) = faults("op a = dropout")
    assert "`tanh`; a module that declares others is named by `--ops`" in str(fault.help)


def test_a_fault_in_a_block_says_in_which_instance() -> None:
    found = faults("block b(side) { in a [3, side/2, 1] }\nA = b(4)\nB = b(7)\nC = b(9)")
    assert [(d.message, d.notes[0][0]) for d in found] == [
        ("7 / 2 is not a whole number", "in `B`")
    ]


def test_a_gap_in_a_concatenation_names_the_edges_that_make_it() -> None:
    (fault,) = faults(
        "node a, b, c [2]\nnode all [4] merge concat\nlink z -> {a, b} = linear\n"
        "link {a, b} -> c = identity | none\nlink {a, c} -> all = identity\n"
        "link all -> image = linear"
    )
    assert fault.notes[0][0] == "it is with `a -> c = none`, `b -> c = none`"


def test_shapes_of_vectors_are_mended_by_linear() -> None:
    (fault,) = faults("node a [6]\nlink z -> a = relu\nlink a -> image = linear")
    assert "`linear` changes the length" in str(fault.help)


def test_numbers_that_are_only_laid_out_otherwise_are_reshaped() -> None:
    head = "node v [8]\nlink z -> v = linear\nnode m [8, 1, 1]\nlink m -> image = linear\n"
    (fault,) = faults(f"{head}link v -> m = identity")
    assert "`reshape` lays the same numbers out" in str(fault.help)


def test_what_enlarges_stands_in_a_block() -> None:
    text = "edge up enlarges = nearest\nnode a [3, 8, 8]\nlink z -> a = linear\nup a -> image"
    (fault,) = faults(text)
    assert fault.message == "`up` enlarges within a block, but a -> image is outside of blocks"


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        (
            "link z -> image = linear >> bilinear >> conv(3)",
            "this `bilinear` does nothing: `linear` before it goes to the target's sizes",
            "put a node between",
        ),
        (
            "node a [8, 4, 4]\nlink z -> a = linear\n"
            "link a -> image = bicubic >> conv(3) >> relu >> nearest >> conv(3)",
            "this `nearest` does nothing: `bicubic` before it goes to the target's sizes, and "
            "`conv(3)` to its channels",
            "put a node between, or say how far the first goes, as in `bicubic(2) >> conv(3, "
            "out=64)`",
        ),
        (
            "link z -> image = linear >> relu >> linear",
            "`linear` is a matrix of 768 x 768: `linear` before it makes the target's shape "
            "already",
            "give that a width, as in `linear(192)`, or put a node between",
        ),
        (
            "node a [size/2, 8, 3]\nlink z -> a = linear\nlink a -> image = linear",
            "8x8x3 is 8 channels of 8x3",
            "channels come first: `[3, size/2, 8]`",
        ),
        (
            "link z -> image = linear >> conv(3, 64)",
            "64 is the `dilation` of `conv`",
            "torch has the stride there: write `dilation=64` if it is meant, or leave it out; "
            "a stride is `stride=64`, channels are `out=64`",
        ),
        (
            "link z -> image = linear >> conv(3, dilation=64)",
            "`conv(3, dilation=64)` reaches beyond maps of 16x16: but for its centre, its kernel "
            "meets nothing but zeros",
            "make the dilation smaller than the maps",
        ),
    ],
)
def test_a_warning_says_what_is_there_and_what_may_have_been_meant(
    text: str, message: str, help: str
) -> None:
    (warning,) = check(Source(f"{HEAD}{text}\n")).warnings
    assert (warning.message, warning.help) == (message, help)
