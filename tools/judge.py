"""What the judge of `autorecon auto` is worth: how its order is that of agreement on real images.

    autorecon auto resnet20-fashion16 --bits w3a3 --trials 24 --measure all -o runs/judged
    python tools/judge.py runs/judged runs/other

Of each rung of a FOLDER whose students were measured (`--measure all`): Spearman's and Kendall's
rank correlation of what the judge says, which looks at no data, and of their agreement with the
teacher on test images; that agreement of the student that the judge puts first, and of the one that
it should have been. A study has no judge: its cells leave no students. Nothing is chosen by any of
it. The rows are those of the table in docs/auto.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from agreement import Command
from autorecon.records.course import Course, Rung, read_course
from autorecon.report.course import FEW, measured
from autorecon.study.statistics import kendall, spearman

HEAD = "| teacher | bits | steps | students | Spearman | Kendall | its first | the best |"


def rows(course: Course) -> Iterator[str]:
    """A row a rung of which there are enough figures."""
    for rung in course.rungs:
        if len(measured(rung)) >= FEW:
            yield f"| {course.teacher} | {course.bits} | {_row(rung)} |"


def _row(rung: Rung) -> str:
    said, real = zip(*measured(rung), strict=True)
    first = real[max(range(len(said)), key=said.__getitem__)]
    steps = max(entry.steps for entry in rung.entries)
    figures = f"{spearman(said, real):+.2f} | {kendall(said, real):+.2f}"
    return f"{steps} | {len(said)} | {figures} | {first:.2f} | {max(real):.2f}"


@click.command(cls=Command, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def main(folders: tuple[Path, ...]) -> None:
    """Tell what the judge was worth in each FOLDER of `autorecon auto`."""
    found = [(folder, read_course(folder)) for folder in folders]
    told = [row for _, course in found if course for row in rows(course)]
    for folder, course in found:
        if course is None:
            raise click.ClickException(
                f"{folder} has no auto.json: `autorecon auto` did not make it"
            )
        if not any(rows(course)):
            click.echo(
                f"{folder}: no rung has {FEW} measured students: add --measure all", err=True
            )
    if not told:
        raise click.ClickException("nothing was measured")
    click.echo("\n".join([HEAD, "|---|---|" + "---:|" * 6, *told]))


if __name__ == "__main__":
    main()
