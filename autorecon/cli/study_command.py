"""`autorecon study`: a table of many compressions, as the paper's are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import trust_option
from autorecon.cli.terminal import echo
from autorecon.study import PLACES

if TYPE_CHECKING:
    from autorecon.records.cells import CellRecord
    from autorecon.study.cells import Cell
    from autorecon.study.folder import StudyFolder
    from autorecon.study.spec import Study


@click.command("study")
@click.argument("study")
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The study's folder.")
@click.option("--teacher", "teachers", multiple=True, help="Only these; may be repeated.")
@click.option("--bits", multiple=True, help="Bit widths, as w3a3; may be repeated.")
@click.option("--student", "students", multiple=True, help="Students to distil into.")
@click.option("--variant", "variants", multiple=True, help="Only these of those compared.")
@click.option("--seeds", type=click.IntRange(1, 1000), help="How many seeds of every cell.")
@click.option("--first-seed", type=int, help="The first of them; at first 0.")
@click.option("--against", help="Table differences to this variant, where it is compared.")
@click.option("--budget", type=float, help="Multiplies the steps of every cell.")
@click.option(
    "--with",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="A setting of every compression, as compress.rounding=plain; may be repeated.",
)
@click.option(
    "--on",
    type=click.Choice(PLACES),
    default="local",
    show_default=True,
    help="Where cells are done; `[cluster]` of the study says what each asks for.",
)
@click.option("--jobs", type=click.IntRange(1, 1024), help="Cells at a time; here one a core.")
@click.option("--memory", default="", metavar="SIZE", help="Of all cells at a time, as 8G.")
@click.option("--plan", "only_plan", is_flag=True, help="Show the cells and their cost; run none.")
@click.option("--table", "only_table", is_flag=True, help="Write the tables of what is done.")
@trust_option
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.option("--json", "as_json", is_flag=True, help="Print rows, or the plan, as JSON.")
@click.pass_context
def study(ctx: click.Context, study: str, **options: Any) -> None:
    """Do STUDY and write its table: table2, table3, table4 or table5, a TOML file, or a folder.

    A study goes on where it stopped when it is called again with its folder.
    """
    from autorecon.report.study import write_tables
    from autorecon.runs import Progress, new_folder
    from autorecon.study.cells import plan
    from autorecon.study.folder import StudyFolder
    from autorecon.study.run import run
    from autorecon.study.spec import find_study
    from autorecon.workflow.trust import code_of, require_trust

    if options["only_plan"] and options["only_table"]:
        raise click.UsageError("--plan and --table: choose one")
    changes = {k: options[k] for k in ("seeds", "first_seed", "budget") if options[k] is not None}
    changes |= {k: list(options[k]) for k in ("teachers", "bits", "students") if options[k]}
    found = find_study(study, changes)
    if options["variants"]:
        found = found.only(options["variants"])
    if options["assignments"]:
        found = found.with_compress(_assigned(options["assignments"]))
    tabled = found if options["against"] is None else found.against(options["against"])
    folder = StudyFolder(options["out"] or _place(study))
    progress = Progress(quiet=options["quiet"])
    cells = plan(found)
    if options["only_plan"]:
        _show_plan(cells, folder.records(cells), jobs_of(options), options["as_json"])
        return
    if options["only_table"]:
        records: Any = folder.records(cells)
        if not any(records.values()):
            raise click.UsageError(f"nothing is done in {folder.path}: name a study's folder")
    else:
        code = (name for cell in cells for name in code_of(cell.config))
        require_trust(code, study, options["trust"], options["teachers"])
        if not options["out"] and not folder.path.is_dir():
            # Only now is one made, another one for each of several that begin at once.
            folder = StudyFolder(new_folder(*_named(study)))
        progress.say(f"study in {folder.path}")
        try:
            jobs = jobs_of(options) if options["on"] != "slurm" else options["jobs"] or 0
            records = run(found, folder, jobs, progress, options["memory"], options["on"])
        except KeyboardInterrupt as error:
            error.add_note(f"go on with `autorecon study {folder.path}`")
            raise
    try:
        text = write_tables(folder, tabled, cells, records)
    except Exception as error:
        again = f"`autorecon study {folder.path} --table`"
        error.add_note(f"what was done stands in {folder.log.path}; its tables come by {again}")
        raise
    _show(text, folder, tabled, cells, records, options["as_json"])
    if any(record and record.error for record in records.values()):
        ctx.exit(1)


def _assigned(assignments: tuple[str, ...]) -> dict[str, Any]:
    """The settings of compressions; nothing else can be set for all cells alike."""
    from autorecon.workflow.settings import combine

    values = combine(None, {}, list(assignments))
    compress = values.pop("compress", {})
    if values or not isinstance(compress, dict):
        raise click.UsageError("--with: a study takes settings of the form compress.KEY=VALUE")
    return compress


def _place(study: str) -> Path:
    """The folder itself, or a new one below runs/."""
    from autorecon.runs import next_free

    path = Path(study)
    return path if path.is_dir() else next_free(*_named(study))


def _named(study: str) -> tuple[Path, str]:
    return Path("runs"), f"study-{Path(study).stem}"


def jobs_of(options: dict[str, Any]) -> int:
    """One a core that this process may use."""
    import os

    if options["jobs"]:
        return options["jobs"]
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _show(
    text: str, folder: StudyFolder, study: Study, cells: list[Cell], records: Any, as_json: bool
) -> None:
    if not as_json:
        echo(text, nl=False)
        echo(f"\nwritten to {folder.path}/table.txt, .csv, .tex and .html")
        return
    import attrs

    from autorecon.study.rows import rows

    found = rows(study, cells, {cell.id: records.get(cell.id) for cell in cells})
    values = {"folder": str(folder.path), "title": study.title}
    echo(json.dumps(values | {"rows": [attrs.asdict(row) for row in found]}, indent=2))


def _show_plan(cells: list[Cell], records: Any, jobs: int, as_json: bool) -> None:
    """Cells with their steps, and how long they take by those that are done."""
    from autorecon.runs import duration
    from autorecon.study.estimate import Estimate

    estimate = Estimate.of(cells, records)
    if as_json:
        values = [
            {
                "cell": cell.id,
                "kind": cell.kind,
                "needs": cell.needs,
                "steps": cell.steps,
                "seconds": estimate.seconds(cell),
                "done": _done(records[cell.id]),
            }
            for cell in cells
        ]
        echo(json.dumps(values, indent=2))
        return
    for cell in cells:
        seconds = estimate.seconds(cell)
        about = "done" if _done(records[cell.id]) else "" if seconds is None else duration(seconds)
        echo(f"{cell.id:<64} {cell.steps:>7,} steps  {about}".rstrip())
    left = [cell for cell in cells if not _done(records[cell.id])]
    steps = sum(cell.steps for cell in left)
    total = estimate.left(cells, records, {})
    time = "" if total is None else f", about {duration(total / jobs)} with {jobs} at a time"
    echo(f"\n{len(left)} of {len(cells)} cells to do, {steps:,} steps{time}")
    if total is None:
        echo("How long they take is known once some are done.")


def _done(record: CellRecord | None) -> bool:
    return record is not None and record.done
