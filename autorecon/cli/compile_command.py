"""`autorecon compile`, also `autorecon-compile`: check, summarise and draw a space; no torch."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from autorecon.cli.options import ops_option, output_format_option, render_option, set_option
from autorecon.cli.values import json_text

_MAX_LINES = 6  # of a genotype that cuts the output off


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


def summary(space: Any) -> dict[str, Any]:
    """What a script may want to know of a space, as JSON values."""
    from autorecon.lang.diagnostics.formats import records

    cost = space.cost
    return {
        "name": space.name,
        "kind": kind(space),
        "parameters_set": dict(space.parameters),
        "nodes": len(space.nodes),
        "blocks": len({n.block for n in space.nodes.values() if n.block}),
        "edges": len(space.edges),
        "edges_by_type": space.edges_by_type,
        "architectures": space.architectures,
        "rules": [rule.text for rule in space.program.rules],
        "limits": [limit.text for limit in space.program.limits],
        "parameters": {"min": cost.parameters.min, "max": cost.parameters.max},
        "macs": {"min": cost.macs.min, "max": cost.macs.max},
        "exact": cost.exact,
        "output": {"name": space.output.name, "shape": list(space.output.shape)},
        "counterexample": list(space.counterexample),
        "warnings": records(space.program.warnings),
    }


def settings(space: Any) -> str:
    """`width=64 deep=true`, as one would set them."""
    from autorecon.lang import show_value

    named = (f"{name}={show_value(value)}" for name, value in space.parameters.items())
    return " ".join(named) or "nothing to set"


def unproved(space: Any) -> str:
    """What of its costs is no more than a bound."""
    if space.cost.exact:
        return ""
    bounds = "bounds" if space.restrictions or space.is_tied else "the least is a bound"
    return f"  ({bounds}: too entangled to be exact)"


def kind(space: Any) -> str:
    """What one calls it: genotype, generator or search space."""
    if space.program.of:
        return "genotype"
    return "generator" if space.is_genotype else "search space"


def _text(space: Any, file: str) -> str:
    from autorecon.graph.draw.labels import interval_text

    facts = summary(space)
    types = ", ".join(f"{count} {kind}" for kind, count in facts["edges_by_type"].items())
    rows = [
        ("set", settings(space)),
        (
            "nodes",
            f"{facts['nodes']} in {several(blocks=facts['blocks'])}"
            if facts["blocks"]
            else str(facts["nodes"]),
        ),
        ("edges", f"{facts['edges']}: {types}"),
        ("architectures", _count(space.architectures)),
        *_restrictions(space),
        ("weights", interval_text(space.cost.parameters) + unproved(space)),
        ("multiply-adds", interval_text(space.cost.macs) + " per image" + unproved(space)),
        ("output", f"{space.output.name} {'x'.join(map(str, space.output.shape))}"),
    ]
    rows += zip(["may be cut by", *[""] * _MAX_LINES], _cut(facts["counterexample"]), strict=False)
    head = click.style(space.name, bold=True) + f"  {facts['kind']}  {file}"
    return "\n".join([head, *(f"  {name:<14} {value}" for name, value in rows)])


def _restrictions(space: Any) -> list[tuple[str, str]]:
    """What the rules and limits leave; they are kept to where nothing is left to choose."""
    rules, limits = len(space.program.rules), len(space.program.limits)
    if space.is_genotype or not rules + limits:
        return []
    count = space.valid_architectures
    left = "too entangled to count" if count is None else _count(count)
    return [("within", f"{several(rules=rules, limits=limits)}: {left}")]


def several(**counts: int) -> str:
    """`2 rules and 1 limit`."""
    named = ((name if n > 1 else name.removesuffix("s"), n) for name, n in counts.items() if n)
    return " and ".join(f"{n} {name}" for name, n in named)


def _count(number: int) -> str:
    from autorecon.graph.draw.labels import exact_text

    rounded = f"  ({number:.2e})" if 10**6 <= number < 10**300 else ""
    return exact_text(number) + rounded


def _cut(lines: list[str]) -> list[str]:
    """A genotype's lines, the first of them."""
    more = len(lines) - _MAX_LINES
    return lines if more <= 0 else [*lines[:_MAX_LINES], f"and {more:,} more such lines"]


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
