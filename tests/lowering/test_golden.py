"""What each pass makes of a plan: `golden/PASS.space`, and beside it the plan before and after.

After an intended change, `python tests/lowering/test_golden.py` writes the plans anew.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from autorecon import load
from autorecon.lowering import PASSES, Plan, check_plan, lower

FOLDER = Path(__file__).parent / "golden"
NAMES = list(dict.fromkeys(change.name.replace(" ", "_") for change in PASSES))


def plans(name: str) -> str:
    """Of the program, what the passes before the first of this name leave, and what it makes."""
    plan = lower(load(FOLDER / f"{name}.space"))
    for change in PASSES:
        before, plan = plan, change(plan)
        check_plan(plan)
        if change.name.replace(" ", "_") == name:
            return f"{_shown('before', before)}\n{_shown('after', plan)}"
    raise LookupError(name)


def _shown(title: str, plan: Plan) -> str:
    return f"# {title}\n{plan}\n"


@pytest.mark.parametrize("name", NAMES)
def test_golden(name: str) -> None:
    text = (FOLDER / f"{name}.plan").read_text("utf-8")
    assert plans(name) == text
    before, after = text.split("# after\n")
    assert before.removeprefix("# before\n").strip() != after.strip(), "it shows nothing"


def test_all_are_of_a_pass() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(NAMES)


if __name__ == "__main__":
    for each in NAMES:
        (FOLDER / f"{each}.plan").write_text(plans(each), "utf-8")
