"""The table of a study as text, CSV, LaTeX and HTML."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from autorecon.lang.wording import visible
from autorecon.report.study_rows import NUMBERS, StudyTable
from autorecon.report.templates import templates
from autorecon.study.rows import Row


def text_table(table: StudyTable) -> str:
    """Aligned columns; a line parts the groups."""
    every = [table.columns, *(row for group in table.groups for row in group)]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]

    def line(row: Sequence[str]) -> str:
        cells = zip(table.columns, row, widths, strict=True)
        placed = (c.rjust(w) if name in NUMBERS else c.ljust(w) for name, c, w in cells)
        return "  ".join(placed).rstrip()

    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    lines = [table.title, "", line(table.columns)]
    for group in table.groups:
        lines += [rule, *map(line, group)]
    return "\n".join([*lines, rule, *table.notes]) + "\n"


def csv_table(rows: Sequence[Row]) -> str:
    """One line a row with every figure as it is, for other programs."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in rows:
        writer.writerow(["" if value is None else _plain(value) for value in _values(row)])
    return out.getvalue()


CSV_COLUMNS = (
    *("teacher", "setting", "variant", "full_precision", "runs", "missing", "failed"),
    *("mean", "std", "calibrated_mean", "calibrated_std"),
    *("against", "difference", "low", "high", "pairs"),
    *("parameters", "macs", "published", "published_of"),
    *("agreement_mean", "agreement_std", "divergence_mean", "divergence_std"),
)


def _values(row: Row) -> list[object]:
    found, calibrated, difference = row.accuracy, row.calibrated, row.difference
    return [
        *(row.teacher, row.setting, row.variant, row.full_precision),
        *(row.figure.runs if row.figure else 0, row.missing, sum(row.failures.values())),
        *((found.mean, found.std) if found else (None, None)),
        *((calibrated.mean, calibrated.std) if calibrated else (None, None)),
        row.against,
        *(
            (difference.mean, difference.low, difference.high, difference.runs)
            if difference
            else (None, None, None, 0)
        ),
        *(row.parameters, row.macs),
        *((row.published.accuracy, row.published.of) if row.published else (None, None)),
        *((row.agreement.mean, row.agreement.std) if row.agreement else (None, None)),
        *((row.divergence.mean, row.divergence.std) if row.divergence else (None, None)),
    ]


def _plain(value: object) -> object:
    """Four decimals are far below what a run can tell; no text is a formula of a spreadsheet."""
    if isinstance(value, str):
        shown = visible(value, lines=False)
        return f"'{shown}" if shown.lstrip().startswith(_FORMULAS) else shown
    return round(value, 4) if isinstance(value, float) else value


_FORMULAS = ("=", "+", "-", "@")


def latex_table(table: StudyTable) -> str:
    """A table for LaTeX with the package booktabs."""
    columns = "".join("r" if name in NUMBERS else "l" for name in table.columns)
    lines = [
        "% \\usepackage{booktabs}",
        "\\begin{table}",
        f"\\caption{{{latex(table.title)}}}",
        f"\\begin{{tabular}}{{{columns}}}",
        "\\toprule",
        _latex_row(table.columns),
    ]
    for group in table.groups:
        lines += ["\\midrule", *map(_latex_row, group)]
    lines += ["\\bottomrule", "\\end{tabular}"]
    lines += [f"\\par {latex(note)}" for note in table.notes]
    return "\n".join([*lines, "\\end{table}"]) + "\n"


def _latex_row(row: Sequence[str]) -> str:
    return " & ".join(map(latex, row)) + " \\\\"


_LATEX = {
    **{c: f"\\{c}" for c in "&%$#_{}"},
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
    "<": "\\textless{}",
    ">": "\\textgreater{}",
    "\N{PLUS-MINUS SIGN}": "$\\pm$",
    "\N{MINUS SIGN}": "$-$",
    "+": "$+$",
}


def latex(text: str) -> str:
    """Text in which no character is a command."""
    return "".join(_LATEX.get(character, character) for character in text)


def html_table(table: StudyTable) -> str:
    """A page of its own, which loads nothing."""
    right = [name in NUMBERS for name in table.columns]
    return templates().get_template("study.html").render(table=table, right=right) + "\n"
