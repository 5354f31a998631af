"""docs/deploying.md is true: its table is that of the records, which hold what was measured."""

from __future__ import annotations

import deployed

PAGE = deployed.PAGE.read_text("utf-8")


def test_the_table_is_that_of_the_records() -> None:
    found = PAGE.partition(deployed.BEGIN)[2].partition(deployed.END)[0]
    assert found == deployed.table_text()


def test_integers_cost_little_at_eight_bits_and_are_computed_as_such() -> None:
    cells = [cell for cell in deployed.recorded() if cell.scheme == "integer"]
    assert cells
    for cell in cells:
        model, full = cell.evaluation.model, cell.evaluation.full
        assert model.integer == model.products
        if cell.bits == "w8a8" and cell.teacher != deployed.LITE0:
            assert model.score.accuracy > full.score.accuracy - 0.3
