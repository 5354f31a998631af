from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autorecon.objective import TERMS, Objective, ObjectiveError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("ce", "ce"),
        ("ce+0.1*bns", "ce + 0.1*bns"),
        ("  .5 * ce - 1e-3*entropy ", "0.5*ce - 0.001*entropy"),
        ("-ce + 1.0*bns", "-ce + bns"),
        ("2*onehot - bns", "2*onehot - bns"),
        ("-2*onehot + 1e+20*ce", "-2*onehot + 1e+20*ce"),
    ],
)
def test_canonical_text(text: str, canonical: str) -> None:
    assert str(Objective.parse(text)) == canonical


WEIGHTS = st.floats(allow_nan=False, allow_infinity=False).filter(bool)
SHIPPED = ["ce", "bns", "entropy", "onehot"]
SUMS = st.lists(st.tuples(WEIGHTS, st.sampled_from(SHIPPED)), min_size=1, unique_by=lambda i: i[1])


@given(SUMS)
def test_text_round_trips_exactly(items: list[tuple[float, str]]) -> None:
    objective = Objective(tuple((weight, TERMS[name]) for weight, name in items))
    assert Objective.parse(str(objective)) == objective


@pytest.mark.parametrize(
    ("text", "column", "fault"),
    [
        ("", 1, "expected a term"),
        ("   ", 4, "expected a term"),
        ("ce +", 5, "expected a term"),
        ("3*", 3, "expected a term"),
        ("3", 1, "expected a term"),
        ("+ + ce", 3, "expected a term"),
        ("ce bns", 4, "expected '+' or '-'"),
        ("ce*2", 3, "expected '+' or '-'"),
        ("0.1 bns", 1, "expected a term"),
        ("ce + 0*bns", 6, "a weight is a finite number"),
        ("1e999*ce", 1, "a weight is a finite number"),
        ("ce + 0.1*ce", 10, "stands twice"),
        ("ce + bnss", 6, "did you mean `bns`"),
        ("ce + zzz", 6, "unknown term 'zzz': known here: `activation`, `adv"),
        ("__import__('os')", 1, "unknown term '__import__'"),
    ],
)
def test_errors_name_the_column(text: str, column: int, fault: str) -> None:
    with pytest.raises(ObjectiveError) as caught:
        Objective.parse(text)
    message = str(caught.value)
    assert f"column {column}: " in message
    assert fault in message
    assert "\n" not in message
    assert caught.value.exit_code == 2


@given(st.text(alphabet="ce bns+-*.019x(é", max_size=12))
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        objective = Objective.parse(text)
    except ObjectiveError:
        return
    assert Objective.parse(str(objective)) == objective
