"""The tables of a study, written from its records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from autorecon.records.cells import CellRecord
from autorecon.report.study_formats import csv_table, html_table, latex_table, text_table
from autorecon.report.study_rows import study_table
from autorecon.runs import write_text
from autorecon.study.cells import Cell
from autorecon.study.folder import StudyFolder
from autorecon.study.rows import rows
from autorecon.study.spec import Study


def write_tables(
    folder: StudyFolder,
    study: Study,
    cells: Sequence[Cell],
    records: Mapping[str, CellRecord | None],
) -> str:
    """Write table.txt, .csv, .tex and .html into the folder; give the text.

    The same records give the same bytes. Raises RunError where a file cannot be written.
    """
    found = rows(study, cells, {cell.id: records.get(cell.id) for cell in cells})
    table = study_table(study.title, found, _notes(study, records.values()))
    text = text_table(table)
    write_text(folder.path / "table.txt", text)
    write_text(folder.path / "table.csv", csv_table(found))
    write_text(folder.path / "table.tex", latex_table(table))
    write_text(folder.path / "table.html", html_table(table))
    return text


def _notes(study: Study, records: Iterable[CellRecord | None]) -> list[str]:
    made = {
        record.software.get("commit") or record.software.get("autorecon", "")
        for record in records
        if record
    } - {""}
    by = f" Made by autorecon {', '.join(sorted(made))}." if made else ""
    seeds = study.all_seeds
    return [f"Budget {study.budget:g}, seeds {seeds[0]} to {seeds[-1]}.{by}"]
