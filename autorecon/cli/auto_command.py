"""`autorecon auto`: the best student of a teacher, by one command."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from autorecon.cli.options import (
    Always,
    own_teacher_options,
    scheme_options,
    setting,
    settings_given,
    teacher_or_resume,
    trust_option,
)
from autorecon.cli.terminal import echo
from autorecon.study import PLACES

if TYPE_CHECKING:
    from autorecon.auto.run import Auto
    from autorecon.auto.start import Means
    from autorecon.records.course import Course
    from autorecon.records.results import Results
    from autorecon.runs import Progress

TIME = "30m"


@click.command("auto")
@teacher_or_resume
@own_teacher_options
@setting(
    "--data",
    sets=["teacher.data"],
    help="What students are measured on in the end; nothing is chosen by it. '' has none.",
)
@setting("--bits", sets=["bits"], help="Weights and activations, w2a2 .. w8a8. Default: w4a4.")
@scheme_options
@click.option("--time", metavar="TIME", help=f"About how long, as 90s, 30m or 2h. Default: {TIME}.")
@setting("--trials", type=int, sets=["trials"], help="Begin with so many candidates instead.")
@click.option(
    "--space",
    "spaces",
    multiple=True,
    metavar="FILE",
    help="Search this space as well, before those that there are; may be repeated.",
)
@setting("--seed", type=click.IntRange(min=0), sets=["seed"], help="Of all that is drawn.")
@setting(
    "--measure",
    type=click.Choice(["last", "all", "none"]),
    sets=["measure"],
    help="Which rungs' students are measured on --data. Default: last.",
)
@click.option("-o", "--out", type=click.Path(path_type=Path), help="The run's folder.")
@click.option(
    "--resume",
    cls=Always,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Go on with an interrupted one, with its own settings.",
)
@click.option("--config", help="A TOML file of settings, candidates and spaces, as auto.toml.")
@click.option(
    "--with",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any setting of auto.toml, as compress.batch=16 of all candidates; may be repeated.",
)
@trust_option
@click.option(
    "--on",
    cls=Always,
    type=click.Choice(PLACES),
    default="local",
    show_default=True,
    help="Where trials are done; `[cluster]` of --config says what each asks for.",
)
@click.option(
    "--jobs", cls=Always, type=click.IntRange(1, 1024), help="Trials at a time; here one a core."
)
@click.option("--memory", cls=Always, default="", metavar="SIZE", help="Of all at a time, as 8G.")
@click.option("-q", "--quiet", cls=Always, is_flag=True, help="No progress.")
@click.option("--json", "as_json", cls=Always, is_flag=True, help="Print the course as JSON.")
@click.pass_context
def auto(ctx: click.Context, as_json: bool, **options: Any) -> None:
    """Find the best student of TEACHER without data: generator, method, ranges, rounding, weights
    and rates together.

    Many candidates are compressed with for a few steps, the best of them for more, and in the end a
    few at full length. Calibration on noise and the human-designed generator of GDFQ are among
    them to the end.
    """
    from autorecon.auto.start import Means
    from autorecon.cli.study_command import jobs_of
    from autorecon.runs import Progress

    progress = Progress(quiet=options["quiet"])
    means = Means(jobs=jobs_of(options), memory=options["memory"], on=options["on"])
    under_way = _opened(ctx, means, progress)
    place = under_way.folder.path
    progress.say(f"auto in {place}")
    try:
        course = under_way.run()
    except BaseException as error:
        error.add_note(f"go on with `autorecon auto --resume {place}`")
        raise
    _show(course, _measured(under_way, progress, options["trust"]), under_way, as_json)


def _opened(ctx: click.Context, means: Means, progress: Progress) -> Auto:
    from autorecon.auto.start import resume, start
    from autorecon.cli.jobs import is_given, spelt
    from autorecon.runs import new_folder
    from autorecon.workflow.trust import require_trust

    options = ctx.params
    if place := options["resume"]:
        given = [p for p in ctx.command.params if is_given(ctx, p) and not isinstance(p, Always)]
        if given:
            listed = ", ".join(map(spelt, given))
            raise click.UsageError(
                f"--resume goes on with the settings of {place}/auto.toml: leave out {listed}"
            )
        return resume(place, means, progress, trust=options["trust"])
    if not options["teacher"] and not options["config"]:
        raise click.UsageError("name a TEACHER (`autorecon teachers` lists those that are shipped)")
    asked = _asked(ctx)
    if file := options["config"]:
        require_trust(asked.code, file, options["trust"], {options["teacher"]})
    name = asked.teacher.name.rpartition(":")[2].partition(".")[0]
    out = options["out"] or partial(new_folder, Path("runs"), f"auto-{name}-{asked.bits}")
    return start(asked, out, means, progress)


def _asked(ctx: click.Context) -> Any:
    """What the command line comes to, on the file that it names."""
    from autorecon.auto.config import read_asked, seconds_of, with_spaces
    from autorecon.workflow.settings import combine

    options = ctx.params
    given = settings_given(ctx)
    values = combine(options["config"], given, list(options["assignments"]))
    if options["time"] and "trials" in given:
        raise click.UsageError("--time and --trials: choose one")
    if "trials" in given:
        values |= {"seconds": 0.0}  # in place of what the file says
    elif options["time"] or not (values.get("trials") or values.get("seconds")):
        values |= {"seconds": seconds_of(options["time"] or TIME), "trials": 0}
    return read_asked(with_spaces(values, options["spaces"]))


def _measured(under_way: Auto, progress: Progress, trust: bool) -> Results:
    """The results of the best, measured in ONNX Runtime where that is installed."""
    from autorecon.records.results import read_results
    from autorecon.workflow import run as workflow
    from autorecon.workflow.measure import measure_run

    folder, prepared = workflow.resume(
        under_way.folder.path, "compress", under_way.teacher, trust, under_way.asked.code
    )
    results = read_results(folder.results_path)
    assert results is not None
    measure_run(folder, prepared, results, progress)
    return results


def _show(course: Course, results: Results, under_way: Auto, as_json: bool) -> None:
    from autorecon.cli.jobs import report_of
    from autorecon.cli.outcome import show_outcome
    from autorecon.cli.tables import Table, show_tables
    from autorecon.records.schema import plain
    from autorecon.report.course import JUDGE, rung_tables, worth
    from autorecon.runs import RunFolder

    folder = RunFolder.open(under_way.folder.path)
    report = report_of(folder)
    if as_json:
        echo(json.dumps({"folder": str(folder.path)} | plain(course), indent=2))
        return
    show_tables(
        Table(rung.title, ("candidate", "with", *rung.columns), rung.rows, rung.columns)
        for rung in rung_tables(course)
    )
    known = worth(course)
    echo(f"\n{JUDGE}")
    if known:
        echo(f"Rank correlation with agreement on real images: {known}.")
    echo(f"\nthe best: {course.winner}")
    show_outcome(results, folder.path, report, as_json)
    echo(f"recipe: {folder.path / 'recipe.toml'}")
