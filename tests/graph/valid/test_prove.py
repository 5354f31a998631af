"""What is said of rules and limits that nothing keeps to, that all keep to, or that one breaks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autorecon.graph import load, loads
from autorecon.graph.valid import prove
from autorecon.lang import SpaceError

SPACE = """space small
block cell(k) {
  in  a [4, 4, 4]
  out b [4, 4, 4]
  node c [4, 4, 4]
  link a -> {b, c} = conv(k) | identity | none
  link c -> b = conv(1) | none
  RULE
}
input z [3]: noise
output image [4, 4, 4]
A = cell(1)
B = cell(3) after A
link z -> A.a = linear
link B.b -> image = identity
"""


def _space(*lines: str, inside: str = "") -> str:
    return SPACE.replace("RULE", inside) + "".join(f"{line}\n" for line in lines)


def _said(text: str) -> list[tuple[str, str]]:
    try:
        found = loads(text).program.warnings
    except SpaceError as error:
        found = error.diagnostics
    return [(d.code, d.message) for d in found]


@pytest.mark.parametrize(
    ("line", "code", "reason"),
    [
        ("rule at least 4 none in A", "E0801", "at most 2 of its 3 edges can"),
        ("rule at least 2 none into B.b", "E0801", "at most 1 of its 2 edges can"),
        ("rule at least 1 conv(5) in A", "E0801", "none of its 3 edges offers that"),
        ("rule at least 1 none into z", "E0801", "there is no such edge"),
        ("rule at most 0 linear", "E0801", "at least 1 of its edges always do"),
        ("rule exactly 3 none in A", "E0801", "at most 2 of its 3 edges can"),
        (
            "rule if at most 9 none then at least 9 none",
            "E0801",
            "every architecture breaks it",
        ),
        ("rule if at least 9 none then at least 8 none", "W0801", "no architecture breaks it"),
        ("rule at most 2 conv(3) into B.b", "W0801", "at most 1 can, of 2 edges"),
        ("rule at least one identity", "W0801", "at least 1 do, of 8 edges"),
        ("limit params <= 100", "E0802", "the least possible is 256"),
        ("limit macs >= 1M", "E0802", "the most possible is 5,824"),
        ("limit params <= 0.5k", "", ""),
        ("limit params <= 1k", "W0802", "the most is 632"),
        ("limit params >= 256", "W0802", "the least possible is 256"),
    ],
)
def test_each_by_itself(line: str, code: str, reason: str) -> None:
    said = _said(_space(line))
    assert [found for found, _ in said] == [code] * bool(code)
    assert all(reason in message for _, message in said)


def test_all_that_cannot_be_kept_to_is_said_in_one_run() -> None:
    lines = "rule at least 9 none", "limit params <= 1", "rule at most 9 none"
    assert [code for code, _ in _said(_space(*lines))] == ["E0801", "E0802", "W0801"]


def test_two_that_leave_nothing_are_named_together() -> None:
    text = _space("limit params <= 300", "rule at most 5 none", "rule at least 2 conv(3) in B")
    (fault,) = (d for d in _faults(text) if d.code == "E0803")
    assert fault.span.text == "rule at least 2 conv(3) in B"
    assert "`limit params <= 300`" in fault.message
    assert [span.text for _, span in fault.notes] == ["limit params <= 300"]


def test_three_that_leave_nothing_are_named_together() -> None:
    lines = (
        "rule exactly 1 none in A",
        "rule exactly 0 none into A.b",
        "rule exactly 0 none from A.a",
    )
    (fault,) = _faults(_space(*lines))
    assert fault.code == "E0803"
    assert fault.span.text == lines[2]


def _faults(text: str) -> tuple:
    with pytest.raises(SpaceError) as caught:
        loads(text)
    return caught.value.diagnostics


def test_a_rule_of_a_block_is_void_where_it_is_so_in_all_instances() -> None:
    assert _said(_space(inside="rule at most one conv(3) from a")) == []
    ((code, message),) = _said(_space(inside="rule at most 2 conv(3) from a"))
    assert code == "W0801"
    assert "from A.b" in message  # which B.a is bound to


def test_many_rules_with_conditions_are_proved_together(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = "rule if at most 9 none then at least 9 none"
    monkeypatch.setattr(prove, "MAX_LOOKS", 0)
    assert _said(_space("rule if at least 9 none then at least 8 none")) == []
    ((code, message),) = _said(_space(rule))
    assert (code, message.endswith("every architecture breaks it")) == ("E0801", True)


GENOTYPE = """genotype g of "small.space"

A.a -> A.b = identity
A.a -> A.c = none
A.c -> A.b = none

B.a -> B.b = conv(3)
B.a -> B.c = none
B.c -> B.b = none
"""


@pytest.mark.parametrize(
    ("line", "code", "message", "at"),
    [
        ("rule at most 3 none", "E0607", "4 edges do", "A.a -> A.c = none"),
        ("rule at most one none in B", "E0607", "2 edges do", "B.a -> B.c = none"),
        ("rule at least 2 identity in A", "E0607", "1 edge does", "A.a -> A.c = none"),
        ("limit params <= 300", "E0608", "this has 404", 'genotype g of "small.space"'),
        (
            "rule if A.a -> A.b = identity then B.a -> B.c != none",
            "E0607",
            "does not hold",
            "B.a -> B.c = none",
        ),
        (
            "rule if at least 3 none then at most one none in B",
            "E0607",
            "does not hold: 2 edges do",
            "B.a -> B.c = none",
        ),
    ],
)
def test_a_genotype_that_breaks_one_is_refused_with_its_lines(
    line: str, code: str, message: str, at: str, tmp_path: Path
) -> None:
    (tmp_path / "small.space").write_text(_space(line))
    (tmp_path / "g.space").write_text(GENOTYPE)
    with pytest.raises(SpaceError) as caught:
        load(tmp_path / "g.space")
    (fault,) = caught.value.diagnostics
    assert fault.code == code
    assert fault.message.endswith(message)
    assert fault.span.text == at
    place = fault.notes[-1][1]
    assert place.text == line
    assert place.source.name.endswith("small.space")


def test_a_genotype_within_them_is_one_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "small.space").write_text(_space("rule exactly 4 none", "limit params <= 0.5k"))
    (tmp_path / "g.space").write_text(GENOTYPE)
    genotype, space = load(tmp_path / "g.space"), load(tmp_path / "small.space")
    assert genotype.program.warnings == ()
    assert space.decode(space.encode(genotype)).edges == genotype.edges
    assert genotype.cost.parameters.max == 404
