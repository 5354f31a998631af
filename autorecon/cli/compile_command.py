"""`autorecon compile`, also `autorecon-compile`: check, summarise and draw a space; no torch."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from autorecon.cli.options import ops_option, output_format_option, render_option, set_option
from autorecon.cli.values import json_text


@click.command("compile")
@click.argument("file", required=False)
@set_option
@ops_option
@render_option("the space", "NAME")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object.")
@click.option(
    "--emit",
    type=click.Choice(("summary", "passes")),
    default="summary",
    show_default=True,
    help="What to print: passes are what the compiler fuses, edge by edge, and what it does not.",
)
@output_format_option
@click.option("--explain", metavar="CODE", help="Explain a diagnostic code, such as E0203.")
def compile(
    file: str | None,
    parameters: dict[str, Any],
    render: str | None,
    as_json: bool,
    emit: str,
    output_format: str,
    explain: str | None,
) -> None:
    """Check FILE and say what it holds. FILE may be a shipped space's name, such as `paper`, or -
    for standard input.

    Exit code 0: it is sound, warnings aside. 1: it has errors or cannot be read. 2: usage, or the
    drawing failed.
    """
    if explain:
        return _explain(explain)
    if file is None and render and render.endswith(".space"):
        file, render = render, ""  # `--render FILE`: the option took the file for its value
    if file is None:
        raise click.UsageError("name a .space file (or --explain CODE)")
    if Path(file).is_dir():
        raise click.UsageError(f"{file} is a folder: `autorecon check {file}` checks all in it")
    return _compile(file, parameters, render, as_json, emit, output_format)


def _compile(
    file: str, parameters: dict[str, Any], render: str | None, as_json: bool, emit: str, style: str
) -> None:
    from autorecon.cli.diagnostics import DOCUMENTS, show_diagnostics
    from autorecon.cli.standard_input import read_or_exit
    from autorecon.graph.summary import summary

    space = read_or_exit(file, parameters, "json" if as_json else style, 1)
    if not as_json:
        show_diagnostics(space.program.warnings, style, [file])
    drawn = None
    if render is not None:
        from autorecon.graph.draw.render import render as draw

        name = space.name if file == "-" else Path(file).name.removesuffix(".space")
        drawn = Path(render or f"{name}.svg")
        draw(space, drawn)
    if emit == "passes":
        _emit_passes(space, as_json)
    elif as_json:
        click.echo(json_text(summary(space)))
    elif style in ("full", "concise"):
        click.echo(_text(space, file))
    if drawn:
        click.echo(f"drawn to {drawn}", err=as_json or style in DOCUMENTS)


def _emit_passes(space: Any, as_json: bool) -> None:
    from autorecon.cli import passes_text
    from autorecon.cli.tables import show_tables

    if as_json:
        click.echo(json_text(passes_text.values(space)))
    else:
        show_tables(passes_text.tables(space))


def _text(space: Any, file: str) -> str:
    from autorecon.graph.summary import kind, rows

    head = f"{click.style(space.name, bold=True)}  {kind(space)}  {file}"
    return "\n".join([head, *(f"  {name:<14} {value}" for name, value in rows(space))])


def _explain(code: str) -> None:
    from autorecon.lang.diagnostics.code_examples import EXAMPLES, HEAD
    from autorecon.lang.diagnostics.codes import CODES
    from autorecon.lang.diagnostics.faults import did_you_mean

    code = code.upper()
    if code not in CODES:
        raise click.UsageError(f"no code {code}: {did_you_mean(code, CODES)}")
    click.echo(code)
    click.echo(textwrap.fill(CODES[code], 88, initial_indent="  ", subsequent_indent="  "))
    if code in EXAMPLES:
        faulty, mended = (textwrap.indent(lines, " " * 4) for lines in EXAMPLES[code])
        click.echo(
            f"\n  Below the lines\n{textwrap.indent(HEAD, '    ')}  these have it:\n{faulty}"
        )
        click.echo(f"  and these have not:\n{mended}" if mended else "  Leave them out.")
