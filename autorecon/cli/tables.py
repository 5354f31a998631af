"""Tables: drawn by rich on a terminal, plain aligned columns elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import Literal

import attrs
import click

from autorecon.lang.wording import visible


@attrs.frozen
class Table:
    """`numbers` are the columns that are aligned to the right."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    numbers: tuple[str, ...] = ()


def without_empty_columns(table: Table) -> Table:
    """The same without columns in which no row has anything."""
    columns = zip(*table.rows, strict=True)
    kept = [place for place, column in enumerate(columns) if any(column)]
    rows = [tuple(row[place] for place in kept) for row in table.rows]
    return attrs.evolve(table, columns=tuple(table.columns[place] for place in kept), rows=rows)


def show_tables(tables: Iterable[Table]) -> None:
    """Print them one after the other on standard output."""
    if sys.stdout.isatty():
        show_rich(tables)
        return
    click.echo("\n\n".join(plain_text(table) for table in tables))


def plain_text(table: Table) -> str:
    """The title, the columns' names and the rows; no colours, nothing drawn or cut."""
    lines = [table.columns, *table.rows] if any(table.columns) else list(table.rows)
    lines = [tuple(map(_cell, line)) for line in lines]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    right = [name in table.numbers for name in table.columns]
    return "\n".join(
        [visible(table.title), *("  " + _line(line, widths, right).rstrip() for line in lines)],
    )


def _cell(text: str) -> str:
    return visible(text, lines=False)


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    placed = zip(cells, widths, right, strict=True)
    return "  ".join(c.rjust(width) if r else c.ljust(width) for c, width, r in placed)


def show_rich(tables: Iterable[Table], console: object | None = None) -> None:
    """The same on a rich console, by default that of standard output."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    screen = console if isinstance(console, Console) else Console()
    for table in tables:
        drawn = RichTable(
            title=Text(visible(table.title), "bold"),
            title_justify="left",
            box=SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            show_header=any(table.columns),
        )
        for name in table.columns:
            justify: Literal["left", "right"] = "right" if name in table.numbers else "left"
            drawn.add_column(name, justify=justify, overflow="fold")
        for row in table.rows:
            # Text takes names as they are: brackets are no markup.
            drawn.add_row(*map(Text, map(_cell, row)))
        screen.print(drawn)
