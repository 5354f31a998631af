"""The language reference is true: its tables and lists are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click import Command

from autorecon import Space, loads
from autorecon.cli.compile_command import compile
from autorecon.cli.diff_command import diff
from autorecon.cli.export_command import export
from autorecon.cli.show_command import show
from autorecon.lang import Label, Op, Shape, source
from autorecon.lang.diagnostics import faults
from autorecon.lang.diagnostics.code_examples import EXAMPLES
from autorecon.lang.diagnostics.codes import CODES
from autorecon.lang.elaborate import (
    candidate_sets,
    decisions,
    edges,
    expressions,
    includes,
    pipelines,
    state,
)
from autorecon.lang.elaborate.functions import FUNCTIONS
from autorecon.lang.library import shipped_spaces
from autorecon.lang.operations.catalogue import CATALOGUE, MAX_SIZE, LabelInput, Value
from autorecon.lang.operations.merges import MERGE_CATALOGUE
from autorecon.lang.operations.shapes import elements
from autorecon.lang.program.measures import MEASURES
from autorecon.lang.program.merging import Merging
from autorecon.lang.syntax import parse
from autorecon.lang.syntax.tables import tables

PAGE = (Path(__file__).parents[2] / "docs" / "language.md").read_text("utf-8")


def table(head: str) -> list[list[str]]:
    """The cells of a table's rows, without the two lines of its head."""
    lines = PAGE[PAGE.index(f"| {head} |") :].splitlines()[2:]
    rows = lines[: next(i for i, line in enumerate(lines) if not line.startswith("|"))]
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


def code(cell: str) -> list[str]:
    """What a cell has between backticks."""
    return re.findall(r"`([^`]+)`", cell)


def test_every_code_is_listed():
    assert [row[0] for row in table("Code")] == list(CODES)


@pytest.mark.parametrize("name", [name for name in CODES if name not in EXAMPLES])
def test_a_code_without_an_example_is_shown_on_the_page(name: str):
    expected = re.findall(r"^```space .*error=(\S+)", PAGE, re.M)
    shown = set(",".join(expected).split(",")) | set(re.findall(r"^error\[(\w+)\]", PAGE, re.M))
    # A missing file and fifty brackets say enough.
    assert name in shown | {"E0103", "E0105"}


OPERATIONS = {code(row[0])[0].partition("(")[0]: row for row in table("Operation")}
# Arguments that make every factor of a formula count.
ARGUMENTS = {"kernel": 3, "stride": 3, "groups": 2, "dilation": 2, "factor": 2, "count": 2}
LABEL = LabelInput("y", 7)


def test_every_operation_is_listed_with_its_signature():
    shown = [code(row[0])[0] for row in table("Operation")]
    assert shown == [spec.text for spec in CATALOGUE.values()]


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("name", CATALOGUE)
def test_shape_and_cost_are_as_the_table_says(name: str, flag: bool):
    _, takes, gives, weights, macs = OPERATIONS[name]
    source: Shape = Label(5) if takes == "a label" else (8, 3, 6)
    target = (6, 4, 6)  # as many numbers
    source = {"expand": (1, 4, 6), "factorized_reduce": (8, 8, 12)}.get(name, source)
    values: dict[str, Value] = {
        p.name: LABEL
        if p.type is LabelInput
        else flag and p.name != "equal"  # which does not go with `spectral`
        if p.type is bool
        else ARGUMENTS.get(p.name, p.default)
        for p in CATALOGUE[name].params
    }
    op = Op(name, tuple(values.values()))
    out = op.spec.shape(op.args, source, target)
    sizes = {"classes": LABEL.classes} | symbols(source, target, out)
    sizes |= {k: int(v) for k, v in values.items() if isinstance(v, int | float)}
    if gives.startswith("`["):
        assert out == tuple(worked_out(part, sizes) for part in gives.strip("`[]").split(","))
    else:
        assert out == (source if gives == "the same" else target)
    cost = worked_out(code(weights)[0], sizes), worked_out(code(macs)[0], sizes)
    assert op.spec.cost(op.args, source, out) == cost


def symbols(source: Shape, target: Shape, out: Shape) -> dict[str, int]:
    """The letters of the table's formulas."""
    names = {"O": target[0], "N": elements(out), "n": elements(source)}
    names |= dict(zip("HW", out[1:], strict=False))
    if isinstance(source, Label):
        return names | {"classes": source.classes}
    return names | dict(zip("chw", source, strict=True))


def worked_out(formula: str, sizes: dict[str, int]) -> int:
    """The table's formulas are expressions of the language, which works them out itself."""
    given = ", ".join(f"{name} = {size}" for name, size in sizes.items())
    text = f"space formula({given})\nlet value = {formula}\ninput z [value + 1]: noise\n"
    return loads(f"{text}output image [1]\nlink z -> image = linear\n").nodes["z"].shape[0] - 1


@pytest.mark.parametrize("name", CATALOGUE)
def test_ranges_of_arguments_are_as_the_list_says(name: str):
    listed = " ".join(PAGE[PAGE.index("- `kernel`, `dilation`") :].partition("\n\n")[0].split())
    parts = listed.split(";")
    kinds = [int, float, bool, LabelInput]
    for param in CATALOGUE[name].params:
        part = parts[kinds.index(param.type)]
        assert param.name in code(part)
        assert param.least is None or part.endswith(f"at least {param.least}")
        assert param.below is None or f"`{param.name}` is below {param.below}" in listed
        assert param.most is None or f"`{param.name}` is at most {param.most}" in listed


@pytest.mark.parametrize("flag", [True, False])
@pytest.mark.parametrize("name", MERGE_CATALOGUE)
def test_costs_of_merges_are_as_the_table_says(name: str, flag: bool):
    row = next(row for row in table("Merge") if code(row[0])[0].partition("(")[0] == name)
    values = (3 if p.type is int else flag for p in MERGE_CATALOGUE[name].params)
    merge = Merging(name, tuple(values))
    target = (5, 4, 6) if name == "modconv" else (8, 4, 6)
    wanted = merge.wants(((8, 4, 6),), (9,), target)
    merged = merge.of(((8, 4, 6), wanted) if merge.spec.parts else ((8, 4, 6),), target)
    sizes = symbols((8, 4, 6), target, merged.after) | {
        n: int(v) for n, v in merge.args.items() if isinstance(v, int)
    }
    found = tuple(worked_out(code(cell)[0], sizes) for cell in row[2:])
    assert found == (merged.parameters, merged.macs)


def test_limits_are_the_ones_that_hold():
    limits = [row[1].replace(",", "") for row in table("Limit")]
    numbers = [
        2 ** int(text[2:]) if text.startswith("2^") else int(text.split()[0]) for text in limits
    ]
    assert numbers == [
        source.MAX_BYTES,
        parse.MAX_TOKENS,
        parse.MAX_NAME,
        parse.MAX_DEPTH,
        MAX_SIZE,
        expressions.MAX_NUMBER,
        pipelines.MAX_OPS,
        decisions.MAX_COMBINATIONS,
        pipelines.MAX_DEPTH,
        candidate_sets.MAX_CANDIDATES,
        expressions.MAX_ENTRIES,
        state.MAX_NODES,
        state.MAX_EDGES,
        state.MAX_OPERATIONS,
        state.MAX_WORK,
        includes.MAX_FILES,
        faults.MAX_FAULTS,
    ]


def test_words_of_the_language_are_listed():
    listed = re.findall(r"These\s+words\s+are\s+not\s+names: ([^.]*)\.", PAGE)[0]
    assert set(code(listed)) == set(tables().keywords)


def test_merges_and_contracts_are_listed():
    shown = [code(row[0])[0] for row in table("Merge")]
    assert shown == [spec.text for spec in MERGE_CATALOGUE.values()]
    assert {code(row[0])[0] for row in table("Contract")} == set(edges.CONTRACTS)


def test_functions_are_listed():
    assert [code(row[0])[0] for row in table("Function")] == [f.form for f in FUNCTIONS.values()]


def test_shipped_spaces_are_listed():
    assert {name for row in table("Shipped") for name in code(row[0])} == set(shipped_spaces())


def test_options_of_the_command_are_listed():
    listed = {name.split()[0] for row in table("Option") for name in code(row[0])}
    declared = {name for p in compile.params for name in p.opts if name.startswith("-")}
    assert listed == declared | {"-h", "--help"}


@pytest.mark.parametrize("command", [diff, export, show], ids=lambda command: command.name)
def test_options_of_other_commands_are_listed(command: Command):
    rows = table(f"Option of `{command.name}`")
    listed = {name.split()[0] for row in rows for name in code(row[0])}
    assert listed == {name for p in command.params for name in p.opts if name.startswith("-")}


def test_every_attribute_of_a_space_is_listed():
    listed = {name for row in table("Attribute of `Space`") for name in code(row[0])}
    assert listed == {name for name in dir(Space) if not name.startswith("_")} | {"program"}


def test_limits_are_of_every_measure():
    listed = PAGE[PAGE.index("MEASURE is ") :].partition(". ")[0]
    assert code(listed) == [measure.word for measure in MEASURES]
